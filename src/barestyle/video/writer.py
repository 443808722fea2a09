"""Write a video from images as they come, completely or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from torch import Tensor

from barestyle.atomic_files import AtomicFile, write_error
from barestyle.errors import ImageError
from barestyle.images import PixelArray, check_output, resize, target_size
from barestyle.video.frames import FrameWriter
from barestyle.video.gif import GifWriter
from barestyle.video.mp4 import Mp4Writer, check_encoder


class VideoFormat(NamedTuple):
    """A video format: the longest side of its frames in pixels, and its writer, called with path, height, width."""

    longest_side: int
    writer: Callable[[Path, int, int], FrameWriter]


FORMATS = {".mp4": VideoFormat(1280, Mp4Writer), ".gif": VideoFormat(480, GifWriter)}
"""Video formats by extension. 1280 pixels fit the usual screens. A GIF takes nearly a byte per pixel of every frame:
173 frames of 480 x 320 are some 20 MB, and would be 40 MB at 640 pixels."""


class VideoWriter:
    """A context manager that writes images, one after the other, as the frames of a video.

    Leaving the `with` block normally shows the last frame for two seconds and moves the file to `path`. Leaving it by
    an exception, KeyboardInterrupt included, leaves no file behind and an earlier file unchanged. The same holds if no
    frame was added, or if the last `add` failed.

        >>> with VideoWriter(Path("out.gif"), 48, 64, force=False) as video:  # doctest: +SKIP
        ...     video.add(image)

    Args:
        path: the file to write; its extension, one of FORMATS, selects the format.
        height, width: size of the images. Larger ones are reduced to the format's longest side.
        force: allow replacing an existing file.

    Attributes:
        path: as given.
        size: height and width of the frames. MP4 stores an odd side as the next even number.
        frames: number of images added so far.

    Raises OutputError if the file cannot be written: before any work where that can be known, else when it happens.
    """

    def __init__(self, path: Path, height: int, width: int, *, force: bool) -> None:
        check_video(path, force=force)
        self.path = path
        self.frames = 0
        self._format = FORMATS[path.suffix.lower()]
        self._image_size = height, width
        longest = self._format.longest_side
        self.size = (height, width) if max(height, width) <= longest else target_size(height, width, longest)
        self._file = AtomicFile(path)
        self._writer: FrameWriter | None = None
        self._is_complete = False

    def __enter__(self) -> VideoWriter:
        return self

    def add(self, image: Tensor) -> None:
        """Append an image, (1, 3, H, W) in 0..1, sRGB; values outside are clipped.

        Raises ImageError for another shape, and OutputError when the disk is full; then no video is written.
        """
        shape = (1, 3, *self._image_size)
        if image.shape != shape:
            raise ImageError(f"a frame of this video must have the shape {shape}, not {tuple(image.shape)}")
        frame = resize(image.detach().float(), *self.size).clamp(0, 1)
        samples: PixelArray = (frame[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy()
        self._is_complete = False
        with self._translate_errors():
            if self._writer is None:
                self._writer = self._format.writer(self._file.temporary, *self.size)
            self._writer.add(samples)
        self.frames += 1
        self._is_complete = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._is_complete and self._writer is not None:
                with self._translate_errors():
                    self._writer.finish()
                self._file.commit()
        finally:
            if self._writer is not None:
                self._writer.close()
            self._file.discard()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Raise OutputError in place of OSError."""
        try:
            yield
        except OSError as error:
            raise write_error(self.path, error) from None


def check_video(path: Path, *, force: bool) -> None:
    """Raise OutputError, before any work, if a video cannot be written to `path`."""
    check_output(path, force=force, extensions=FORMATS, what="video")
    if FORMATS[path.suffix.lower()].writer is Mp4Writer:
        check_encoder(" or ".join(extension for extension in FORMATS if extension != ".mp4"))
