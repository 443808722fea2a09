"""Paint a photograph in a trained style, and write it with a record of how it was made."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from barestyle.cli.photo_source import FilePhoto, Photo, PicturePhoto
from barestyle.cli.standard_streams import STANDARD_STREAM, write_standard_output
from barestyle.errors import OutputError
from barestyle.feed_forward.graph_cache import graph_path, load_graph, store_graph
from barestyle.feed_forward.graph_painter import GraphPainter
from barestyle.feed_forward.painting_record import describe_painting, read_painting_record, round_weights
from barestyle.hardware.engines import EngineName, choose_engine
from barestyle.images.decode import check_pixels
from barestyle.images.sample_resizing import resize_samples
from barestyle.images.samples import to_levels
from barestyle.images.sizes import target_size
from barestyle.limits import MAX_PIXELS

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


class PhotoPainter:
    """A trained style as one command applies it.

    Small photographs are painted by `GraphPainter` if ONNX Runtime is installed, without importing PyTorch, unless the
    memory is limited. All others are painted by `StylePainter`.

    Args:
        style_file: the trained style.
        mix: weights of its styles by name; None for the first one.
        strength: of the style, in 0..1.
        engine: torch, onnx or auto.
        memory: value of --memory.
        size: long side of results in pixels; None for each photograph's own.
        max_pixels: larger photographs, and results, are refused.

    Raises:
        StyleFileError, SpecError, DeviceError: as `load_style`, `TrainedStyle.mix`, `choose_engine` and `parse_memory`.
    """

    def __init__(
        self,
        style_file: Path,
        *,
        mix: Mapping[str, float] | None = None,
        strength: float = 1.0,
        engine: EngineName = "auto",
        memory: str = "auto",
        size: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.engine_name = choose_engine(engine)
        self.style_sha256 = hash_file(style_file)
        self.size = size
        self.max_pixels = max_pixels
        self._style_file = style_file
        self._mix = None if mix is None else dict(mix)
        self._strength = strength
        self._memory = memory
        self._graph_painter: GraphPainter | None = None
        if self.engine_name == "onnx" and memory == "auto":
            graph = load_graph(self._graph_path)
            self._graph_painter = None if graph is None else GraphPainter(graph)
        if self._graph_painter is None:
            _ = self.painter  # whose errors come before a photograph is read

    @cached_property
    def painter(self) -> StylePainter:
        """The painter of photographs of every size, with PyTorch."""
        from barestyle.feed_forward import StylePainter, load_style
        from barestyle.hardware.memory import parse_memory

        style = load_style(self._style_file)
        weights = style.mix(self._mix, self._strength)
        return StylePainter(style, weights, engine=self.engine_name, memory=parse_memory(self._memory))

    @property
    def _graph_path(self) -> Path:
        return graph_path(self.style_sha256, self._mix, self._strength)

    def paint(self, source: Path | Picture, output: Path) -> PaintedPhoto:
        """Paint a photograph, and write it as `output`, completely or not at all.

        Raises ImageError, DeviceError, OutputError.
        """
        from barestyle.atomic_files import write_atomically
        from barestyle.images.output import check_format

        started = time.perf_counter()
        photo: Photo = FilePhoto(source, self.max_pixels) if isinstance(source, Path) else PicturePhoto(source)
        height, width = self._choose_size(photo)
        check_pixels(width, height, self.max_pixels, "the result")
        check_format(output, height, width)
        is_standard = output == STANDARD_STREAM
        extension = ".png" if is_standard else output.suffix
        record = json.dumps(self.describe(photo.sha256)) if extension.lower() == ".png" else None
        data = self._paint_small(photo, (height, width), extension, record)
        if data is None:
            data = self._paint_large(photo, extension, record)
        del photo  # its memory is that of the written file
        if is_standard:
            write_standard_output(data)
        else:
            write_atomically(output, data)
        return PaintedPhoto(output, width, height, time.perf_counter() - started, self.engine_name)

    def _choose_size(self, photo: Photo) -> tuple[int, int]:
        height, width = photo.height, photo.width
        return (height, width) if self.size is None else target_size(height, width, self.size)

    def _paint_small(self, photo: Photo, shape: tuple[int, int], extension: str, record: str | None) -> bytes | None:
        """Return the file of a painted photograph, or None if `StylePainter` is to paint it."""
        from barestyle.images.encode_samples import OPAQUE_EXTENSIONS, choose_bits, encode_samples

        if self.engine_name != "onnx" or self._memory != "auto" or not GraphPainter.is_suited(*shape):
            return None
        color, alpha = (None if values is None else resize_samples(values, *shape) for values in photo.to_samples())
        assert color is not None
        painted = self._get_graph_painter().paint(color, photo.name)
        if alpha is not None and extension.lower() in OPAQUE_EXTENSIONS:
            painted, alpha = painted * alpha + (1 - alpha), None
        values = painted if alpha is None else np.concatenate([painted, alpha], axis=2)
        return encode_samples(to_levels(values, choose_bits(extension, photo.bits)), extension, record)

    def _get_graph_painter(self) -> GraphPainter:
        if self._graph_painter is None:
            from barestyle.feed_forward.picture_graph import build_picture_model

            graph = build_picture_model(self.painter.style, self.painter.weights)
            store_graph(self._graph_path, graph)
            self._graph_painter = GraphPainter(graph)
        return self._graph_painter

    def _paint_large(self, photo: Photo, extension: str, record: str | None) -> bytes:
        from barestyle.images import encode

        painted = self.painter.paint_picture(photo.take_picture(), self.size)
        return encode(painted.pixels, painted.alpha, extension, bits=painted.bits, record=record)

    def describe(self, photo_sha256: str) -> dict[str, Any]:
        """Return the record of a photograph's painting, as JSON values."""
        if self._graph_painter is not None:
            weights = self._graph_painter.photo_weight, self._graph_painter.style_weights
        else:
            weights = round_weights(self.painter.style.names, self.painter.weights[0].tolist())
        return describe_painting(*weights, photo_sha256=photo_sha256, style_sha256=self.style_sha256, size=self.size)

    def is_finished(self, photo: Path, output: Path) -> bool:
        """Return whether an existing output is this photograph's painting. Raise OutputError if it is another file."""
        remedy = "choose another folder with -o, or overwrite it with --force"
        record = read_painting_record(output)
        if record is None:
            raise OutputError(f"{str(output)!r} exists and was not made by `barestyle apply`; {remedy}")
        expected = self.describe(hash_file(photo))
        if any(record.get(name) != value for name, value in expected.items() if name != "version"):
            raise OutputError(f"{str(output)!r} exists and was made from other inputs or settings; {remedy}")
        return True


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, or "" if it cannot be read, which is reported when it is painted."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
