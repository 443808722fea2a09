"""Encode frames with their own times as a video file, and copy sound into it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barestyle.atomic_files import AtomicFile
from barestyle.clips.sound import Sound, SoundCopier
from barestyle.errors import OutputError
from barestyle.images import PixelArray
from barestyle.video.mp4 import BT709, LIMITED_RANGE, X264

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import OutputContainer
    from av.video.stream import VideoStream

VP9 = {"crf": "18", "b:v": "0", "row-mt": "1", "cpu-used": "4"}
"""Options of libvpx for WebM, which cannot hold H.264: nearly the quality of X264 at a similar size."""


class FileFormat(NamedTuple):
    """A container: FFmpeg's name of it, the encoder of its video and its options, and the options of the container."""

    container: str
    encoder: str
    encoder_options: dict[str, str]
    container_options: dict[str, str]


_FAST_START = {"movflags": "+faststart"}
FORMATS = {
    ".mp4": FileFormat("mp4", "libx264", X264, _FAST_START),
    ".m4v": FileFormat("mp4", "libx264", X264, _FAST_START),
    ".mov": FileFormat("mov", "libx264", X264, _FAST_START),
    ".mkv": FileFormat("matroska", "libx264", X264, {}),
    ".webm": FileFormat("webm", "libvpx-vp9", VP9, {}),
}
"""Video files that can be written, by extension."""


class TimedFrame(NamedTuple):
    """Samples (H, W, 3), uint8, and when and how long they are shown, in units of the time base."""

    samples: PixelArray
    pts: int
    duration: int


def write_video(
    path: Path,
    frames: Iterable[TimedFrame],
    *,
    time_base: Fraction,
    rate: Fraction = Fraction(25),
    pixel_aspect: Fraction = Fraction(1),
    sound: Sound | None = None,
) -> None:
    """Write a video completely or not at all, as BT.709 in 4:2:0; an earlier file is replaced.

    Args:
        path: the file; its extension, one of FORMATS, selects container and encoder.
        frames: at least one, of one size, in the order of their times. An odd side gets its last row or column twice.
        time_base: the unit of the frames' times, in seconds. Matroska and WebM round times to milliseconds.
        rate: frames per second, by which the encoder divides the bits; times decide when a frame is shown.
        pixel_aspect: width of a pixel in relation to its height.
        sound: sound to copy; streams that the container cannot hold are left out with a warning.

    Raises OutputError if the file cannot be written.
    """
    import av

    form = FORMATS[path.suffix.lower()]
    remaining = iter(frames)
    first = next(remaining)
    with AtomicFile(path) as temporary:
        try:
            container = av.open(str(temporary.absolute()), "w", format=form.container, options=form.container_options)
            with container:
                encoder = _Encoder(container, form, first.samples.shape[:2], time_base, rate, pixel_aspect)
                with SoundCopier(sound, container) as copier:
                    for frame in chain([first], remaining):
                        copier.copy_until(float(frame.pts * time_base))
                        encoder.add(frame)
                    encoder.finish()
                    copier.copy_until(None)
        except av.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from None


class _Encoder:
    """Encodes frames of a size (height, width) into a new stream of a container."""

    def __init__(
        self,
        container: OutputContainer,
        form: FileFormat,
        size: tuple[int, ...],
        time_base: Fraction,
        rate: Fraction,
        pixel_aspect: Fraction,
    ) -> None:
        self._container = container
        self._time_base = time_base
        height, width = size
        self._padding = (0, height % 2), (0, width % 2), (0, 0)
        stream = container.add_stream(form.encoder, rate=rate, options=form.encoder_options)
        self._stream: VideoStream = stream  # type: ignore[assignment]
        self._stream.height, self._stream.width = height + height % 2, width + width % 2
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = time_base
        self._stream.time_base = time_base
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED_RANGE
        if pixel_aspect != 1:
            context.sample_aspect_ratio = pixel_aspect
        self._durations: dict[int, int] = {}

    def add(self, frame: TimedFrame) -> None:
        """Encode a frame."""
        self._durations[frame.pts] = frame.duration
        image = _to_yuv(np.pad(frame.samples, self._padding, mode="edge"))
        image.pts, image.time_base = frame.pts, self._time_base
        self._mux(self._stream.encode(image))

    def finish(self) -> None:
        """Encode what the encoder has kept back."""
        self._mux(self._stream.encode(None))

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            if packet.pts is not None and packet.pts in self._durations:
                # Encoders assume a constant rate, and no frame follows the last one to end it.
                packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)


def _to_yuv(samples: PixelArray) -> VideoFrame:
    """Return a frame in BT.709, 16..235, 4:2:0 of samples (H, W, 3), uint8 sRGB."""
    from av import VideoFrame
    from av.video.reformatter import Interpolation

    return VideoFrame.from_ndarray(np.ascontiguousarray(samples), format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace="ITU709",
        src_color_range="JPEG",
        dst_color_range="MPEG",
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
    )


def check_encoder(path: Path) -> None:
    """Raise OutputError if a video with this extension cannot be encoded."""
    if path.suffix.lower() not in FORMATS:
        raise OutputError(
            f"{str(path)!r} has no video extension that can be written; use one of {', '.join(FORMATS)}, or name a "
            "folder, with a slash at its end, for frames"
        )
    try:
        import av
    except ImportError:
        raise OutputError("videos need the package av; run pip install 'barestyle[video]'") from None
    encoder = FORMATS[path.suffix.lower()].encoder
    if encoder not in av.codecs_available:
        raise OutputError(
            f"{path.suffix.lower()} needs {encoder}, which this build of av lacks; install av's wheel from PyPI"
        )
