"""A film of an optimization: MP4, GIF or animated WebP, written as the pictures come, whole or not at all."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from io import BytesIO
from math import isqrt
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from PIL import GifImagePlugin, Image
from torch import Tensor

from barestyle.atomic_files import AtomicFile, write_error
from barestyle.errors import ImageError, OutputError
from barestyle.images import check_output, resized, target_size
from barestyle.images.write import PixelArray

if TYPE_CHECKING:
    from av import VideoFrame

RATE = 25
"""Frames a second: 4 of GIF's hundredths and 40 of WebP's thousandths exactly."""
FRAME_MS = 1000 // RATE
HOLD_MS = 2000
"""How long the last frame stands, in milliseconds."""

X264 = {"crf": "16", "preset": "medium", "rc-lookahead": "10"}
"""Rate factor 16 is wrong by a fifth more than halving the colors' resolution is by itself, at a sixth of rate factor
1's size. Looking 40 frames ahead, as x264 otherwise does, takes 180 MB more at 1280 x 1280 and saves nothing."""

BT709 = 1
"""Primaries, transfer and matrix by the numbers of ITU-T H.273. sRGB has the same primaries, and a transfer so near it
that players show the one as the other."""
STUDIO_RANGE = 1
"""Of ffmpeg: black is 16 and white is 235."""

WEBP_QUALITY = 85
"""As near to the pictures as the MP4."""
WEBP_GROUP = 12
"""Frames that are encoded together, each by what has changed. All at once would be a fifteenth smaller, but they would
have to be held until the end."""

PALETTE_SAMPLES = 10_000
"""Pixels that a frame's palette is made of; four times as many change nothing that can be measured."""


class VideoWriter:
    """Writes a film of pictures, one after the other; a context manager.

    Leaving the `with` normally holds the last picture for two seconds and puts the file in its place. Leaving it by an
    exception, KeyboardInterrupt included, leaves nothing behind, and an earlier file as it was; so does a film to which
    nothing was added. Few frames are held at a time: some 250 MB for the largest MP4, 190 for WebP, and 40 for GIF.

        >>> with Film(Path("out.gif"), 48, 64, force=False) as film:  # doctest: +SKIP
        ...     film.add(picture)

    Args:
        path: of the file; its extension, one of KINDS, decides on the kind.
        height, width: of the pictures. Where they are longer than the kind's films, they are shrunk; every size fits.
        force: allows to replace an existing file.

    Attributes:
        path: as given.
        size: height and width of the frames. MP4 has even ones, so there an odd side gets its last row or column twice.
        frames: pictures added so far.

    Raises OutputError: for a file that cannot be written, before any work, or when the disk is full.
    """

    def __init__(self, path: Path, height: int, width: int, *, force: bool) -> None:
        check_video(path, force=force)
        self.path = path
        self.frames = 0
        self._kind = KINDS[path.suffix.lower()]
        self._given = height, width
        longest = self._kind.longest_side
        self.size = (height, width) if max(height, width) <= longest else target_size(height, width, longest)
        self._file = AtomicFile(path)
        self._reel: FrameWriter | None = None
        self._whole = False

    def __enter__(self) -> VideoWriter:
        return self

    def add(self, picture: Tensor) -> None:
        """Append a picture: (1, 3, H, W) in 0..1, sRGB.

        Raises ImageError for another shape, and OutputError when the disk is full; then there will be no film.
        """
        shape = (1, 3, *self._given)
        if picture.shape != shape:
            raise ImageError(f"a picture of shape {tuple(picture.shape)} is no frame of this film; give {shape}")
        small = resized(picture.detach().float(), *self.size).clamp(0, 1)
        samples: PixelArray = (small[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy()
        self._whole = False
        with self._telling():
            if self._reel is None:
                self._reel = self._kind.reel(self._file.temporary, *self.size)
            self._reel.add(samples)
        self.frames += 1
        self._whole = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._whole and self._reel is not None:
                with self._telling():
                    self._reel.finish()
                self._file.commit()
        finally:
            if self._reel is not None:
                self._reel.close()
            self._file.discard()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say in a sentence what the system refuses."""
        try:
            yield
        except OSError as error:
            raise write_error(self.path, error) from None


def check_video(path: Path, *, force: bool) -> None:
    """Refuse, before any work, a film that could not be written. Raises OutputError."""
    extension = path.suffix.lower()
    check_output(path, force=force, extensions=KINDS, what="film")
    if KINDS[extension].reel is _Mp4:
        _check_encoder(extension)


def _check_encoder(extension: str) -> None:
    others = " or ".join(other for other, kind in KINDS.items() if kind.reel is not _Mp4)
    try:
        import av
    except ImportError:
        raise OutputError(f"{extension} needs the package av; pip install 'barestyle[film]', or use {others}") from None
    if "libx264" not in av.codecs_available:
        raise OutputError(
            f"{extension} needs libx264, which the package av lacks here; install its wheel, or use {others}"
        )


class FrameWriter(Protocol):
    """A file that frames are appended to."""

    def add(self, samples: PixelArray) -> None:
        """Append a frame, (H, W, 3) uint8."""

    def finish(self) -> None:
        """Hold the last frame, and write all that is not written yet."""

    def close(self) -> None:
        """Let go of the file, finished or not."""


class _Mp4:
    """H.264 in the colors that players take for granted, BT.709 in 16..235 at half the resolution, by PyAV."""

    def __init__(self, part: Path, height: int, width: int) -> None:
        import av

        # Absolute, as ffmpeg takes what stands before a colon for a protocol. The index comes first: players can begin.
        self._container = av.open(str(part.absolute()), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=RATE, options=X264)
        self._stream.pix_fmt = "yuv420p"
        self._padding = (0, height % 2), (0, width % 2), (0, 0)
        self._stream.height, self._stream.width = height + height % 2, width + width % 2
        coded = self._stream.codec_context
        coded.color_primaries = coded.color_trc = coded.colorspace = BT709
        coded.color_range = STUDIO_RANGE
        self._count = 0
        self._last: VideoFrame | None = None

    def add(self, samples: PixelArray) -> None:
        from av import VideoFrame

        frame = VideoFrame.from_ndarray(np.pad(samples, self._padding, mode="edge"), format="rgb24")
        self._last = frame.reformat(
            format="yuv420p", dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range="MPEG"
        )
        self._encode(self._last)

    def _encode(self, frame: VideoFrame | None) -> None:
        if frame is not None:
            frame.pts, frame.time_base = self._count, Fraction(1, RATE)
            self._count += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        # Not one long frame, whose duration many players ignore.
        for _ in range(HOLD_MS // FRAME_MS - 1):
            self._encode(self._last)
        self._encode(None)
        self._container.close()

    def close(self) -> None:
        import av

        with suppress(av.FFmpegError):  # it tries to complete what is given up
            self._container.close()


class _Gif:
    """Each frame with a palette of its own, and errors diffused: the nearest to the pictures that 256 colors come."""

    def __init__(self, part: Path, height: int, width: int) -> None:
        self._file = part.open("xb")
        screen = struct.pack("<HHBBB", width, height, 0x70, 0, 0)  # 8 bits a channel, no palette for all
        for_ever = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
        self._file.write(b"GIF89a" + screen + for_ever)
        self._last: Image.Image | None = None

    def add(self, samples: PixelArray) -> None:
        if self._last is not None:
            self._write(self._last, FRAME_MS)
        step = max(1, isqrt(samples.shape[0] * samples.shape[1] // PALETTE_SAMPLES))
        some = np.ascontiguousarray(samples[::step, ::step])
        # Means are moved until no more than one sample in a hundred changes its color.
        palette = Image.fromarray(some).quantize(256, Image.Quantize.MEDIANCUT, kmeans=max(1, some.size // 300))
        self._last = Image.fromarray(samples).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)

    def _write(self, image: Image.Image, duration: int) -> None:
        self._file.writelines(GifImagePlugin.getdata(image, duration=duration, include_color_table=True))

    def finish(self) -> None:
        if self._last is not None:
            self._write(self._last, HOLD_MS)
        self._file.write(b";")
        self._file.close()

    def close(self) -> None:
        with suppress(OSError):  # of what is given up, on a full disk
            self._file.close()


class _WebP:
    """Groups of frames, encoded by Pillow, in one file (https://developers.google.com/speed/webp/docs/riff_container).

    A frame that could not be told from the one before is merged with it.
    """

    def __init__(self, part: Path, height: int, width: int) -> None:
        self._file = part.open("xb")
        self._extent = _int24(width - 1) + _int24(height - 1)
        self._transparent = False
        self._group: list[Image.Image] = []
        self._write_header()  # for its length

    def _write_header(self) -> None:
        flags = 0x02 | (0x10 if self._transparent else 0)  # animated; some frame lets the one before shine through
        extended = _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + self._extent)
        for_ever = _chunk(b"ANIM", bytes(6))
        length = max(self._file.tell(), 12 + len(extended) + len(for_ever)) - 8
        self._file.seek(0)
        self._file.write(struct.pack("<4sI4s", b"RIFF", length, b"WEBP") + extended + for_ever)

    def add(self, samples: PixelArray) -> None:
        if len(self._group) == WEBP_GROUP:
            self._write_group(FRAME_MS)
        self._group.append(Image.fromarray(samples))

    def _write_group(self, last_ms: int) -> None:
        durations = [FRAME_MS] * (len(self._group) - 1) + [last_ms]
        buffer = BytesIO()
        first, *rest = self._group
        first.save(
            buffer, "WEBP", save_all=True, append_images=rest, duration=durations, quality=WEBP_QUALITY, method=4
        )
        self._group = []
        chunks = list(_chunks(buffer.getvalue()))
        frames = [(name, data) for name, data in chunks if name == b"ANMF"]
        if not frames:  # one picture, which Pillow does not animate: put whole and opaque in its place
            still = b"".join(_chunk(name, data) for name, data in chunks if name in (b"ALPH", b"VP8 ", b"VP8L"))
            frames = [(b"ANMF", bytes(6) + self._extent + _int24(sum(durations)) + b"\x02" + still)]
        self._transparent |= any(name == b"VP8X" and data[0] & 0x10 for name, data in chunks)
        self._file.writelines(_chunk(*frame) for frame in frames)

    def finish(self) -> None:
        self._write_group(HOLD_MS)
        self._write_header()
        self._file.close()

    def close(self) -> None:
        with suppress(OSError):  # of what is given up, on a full disk
            self._file.close()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of a WebP file's chunks."""
    at = 12
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data + bytes(len(data) % 2)


def _int24(value: int) -> bytes:
    return value.to_bytes(3, "little")


class Kind(NamedTuple):
    """A kind of film: the longest side of its frames in pixels, and what writes it, of a file, height and width."""

    longest_side: int
    reel: Callable[[Path, int, int], FrameWriter]


KINDS = {".mp4": Kind(1280, _Mp4), ".gif": Kind(480, _Gif), ".webp": Kind(1024, _WebP)}
"""Kinds of film by extension. What pages and players show whole, and for GIF, which takes near a byte for a pixel of
every frame, what can be sent: 173 frames of 480 x 320 are some 20 MB, and at 640 they would be 40."""
