"""A photograph to be painted, as samples or as a picture of PyTorch, which is imported for the latter only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from barestyle.images.decode import DecodedFile, decode_file
from barestyle.images.samples import PixelArray, separate_alpha

if TYPE_CHECKING:
    from barestyle.images import Picture


class Photo(Protocol):
    """A photograph that was read.

    Attributes:
        name: for messages.
        sha256: digest of the file.
        bits: for each channel.
        height: in pixels.
        width: in pixels.
    """

    name: str
    sha256: str
    bits: Literal[8, 16]
    height: int
    width: int

    def to_samples(self) -> tuple[PixelArray, PixelArray | None]:
        """Return color (H, W, 3) and alpha (H, W, 1) or None, float32 in 0..1."""
        ...

    def take_picture(self) -> Picture:
        """Return the picture, and do not hold it any longer; can be called once."""
        ...


class FilePhoto:
    """The photograph in a file. Raises ImageError."""

    def __init__(self, path: Path, max_pixels: int) -> None:
        file = decode_file(path, max_pixels)
        self.name = repr(str(path))
        self.sha256 = file.sha256
        self.bits: Literal[8, 16] = 16 if file.bits > 8 else 8
        self.height, self.width = file.samples.shape[:2]
        self._path = path
        self._files: list[DecodedFile] = [file]

    def to_samples(self) -> tuple[PixelArray, PixelArray | None]:
        """See `Photo`."""
        return separate_alpha(self._files[0].samples, self.name)

    def take_picture(self) -> Picture:
        """See `Photo`."""
        from barestyle.images.reading import build_picture

        return build_picture(self._files.pop(), self._path)


class PicturePhoto:
    """A photograph that was read before, such as that of standard input."""

    def __init__(self, picture: Picture) -> None:
        self.name, self.sha256, self.bits = picture.name, picture.sha256, picture.bits
        self.height, self.width = picture.height, picture.width
        self._pictures = [picture]

    def to_samples(self) -> tuple[PixelArray, PixelArray | None]:
        """See `Photo`."""
        picture = self._pictures[0]
        color, alpha = (
            None if planes is None else planes[0].permute(1, 2, 0).numpy() for planes in (picture.pixels, picture.alpha)
        )
        assert color is not None
        return color, alpha

    def take_picture(self) -> Picture:
        """See `Photo`."""
        return self._pictures.pop()
