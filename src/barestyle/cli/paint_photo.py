"""Paint a photograph in a trained style, and write it with a record of how it was made."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barestyle.cli.standard_streams import STANDARD_STREAM, write_standard_output
from barestyle.errors import OutputError

if TYPE_CHECKING:
    from barestyle.feed_forward import StylePainter
    from barestyle.images import Picture


@dataclass(frozen=True)
class PaintedPhoto:
    """A photograph that was painted and saved.

    Attributes:
        path: the file; STANDARD_STREAM if it went to standard output.
        seconds: duration of reading, painting and writing.
        interrupted: Ctrl-C was pressed meanwhile.
    """

    path: Path
    width: int
    height: int
    seconds: float
    engine: str
    interrupted: bool = False
    error: OutputError | None = None
    exit_code: int = 0

    def describe(self) -> dict[str, object]:
        """Return the fields of its JSON; the guide "Pipes and programs" documents them."""
        return {
            "output": str(self.path),
            "width": self.width,
            "height": self.height,
            "seconds": round(self.seconds, 3),
            "engine": self.engine,
        }


@dataclass(frozen=True)
class PhotoPainter:
    """A trained style as one command applies it.

    Attributes:
        painter: paints.
        style_sha256: digest of the style's file.
        size: long side of results in pixels; None for each photograph's own.
        max_pixels: larger photographs, and results, are refused.
    """

    painter: StylePainter
    style_sha256: str
    size: int | None
    max_pixels: int

    def paint(self, source: Path | Picture, output: Path) -> PaintedPhoto:
        """Paint a photograph, and write it as `output`, completely or not at all.

        Raises ImageError, DeviceError, OutputError.
        """
        from barestyle.atomic_files import write_atomically
        from barestyle.images import check_format, encode, read
        from barestyle.images.read import check_pixels

        started = time.perf_counter()
        picture = read(source, max_pixels=self.max_pixels)
        digest, shape = picture.sha256, self._choose_size(picture)
        check_pixels(shape[1], shape[0], self.max_pixels, "the result")
        check_format(output, *shape)
        painted = self.painter.paint_picture(picture, self.size)
        del picture  # its memory is that of the encoded file
        is_standard = output == STANDARD_STREAM
        extension = ".png" if is_standard else output.suffix
        record = json.dumps(self.describe(digest)) if extension.lower() == ".png" else None
        data = encode(painted.pixels, painted.alpha, extension, bits=painted.bits, record=record)
        if is_standard:
            write_standard_output(data)
        else:
            write_atomically(output, data)
        seconds = time.perf_counter() - started
        return PaintedPhoto(output, shape[1], shape[0], seconds, self.painter.engine_name)

    def _choose_size(self, picture: Picture) -> tuple[int, int]:
        from barestyle.images import target_size

        height, width = picture.height, picture.width
        return (height, width) if self.size is None else target_size(height, width, self.size)

    def describe(self, photo_sha256: str) -> dict[str, Any]:
        """Return the record of a photograph's painting, as JSON values."""
        from barestyle.feed_forward.painting_record import describe_painting

        return describe_painting(
            self.painter, photo_sha256=photo_sha256, style_sha256=self.style_sha256, size=self.size
        )

    def is_finished(self, photo: Path, output: Path) -> bool:
        """Return whether an existing output is this photograph's painting. Raise OutputError if it is another file."""
        remedy = "choose another folder with -o, or overwrite it with --force"
        record = read_record(output)
        if record is None:
            raise OutputError(f"{str(output)!r} exists and was not made by `barestyle apply`; {remedy}")
        expected = self.describe(hash_file(photo))
        if any(record.get(name) != value for name, value in expected.items() if name != "version"):
            raise OutputError(f"{str(output)!r} exists and was made from other inputs or settings; {remedy}")
        return True


def read_record(path: Path) -> dict[str, Any] | None:
    """Return the record of a painting in a PNG file, or None if the file has none."""
    from barestyle.feed_forward.painting_record import read_painting_record

    return read_painting_record(path)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, or "" if it cannot be read, which is reported when it is painted."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
