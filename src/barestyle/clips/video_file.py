"""Read the frames of a video file with PyAV (FFmpeg)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from barestyle.clips.colors import to_srgb, warn_of_hdr
from barestyle.clips.frame import Frame, Selection
from barestyle.errors import VideoError

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

FINGERPRINT_BYTES = 2**20
"""Bytes at the start and at the end of a file by which it is recognized."""

SEEK_MARGINS = (0.0, 2.0, 15.0)
"""Seconds before a selection from which decoding is tried, in turn; the start of the file comes last."""

MICROSECOND = Fraction(1, 1_000_000)
"""The unit of a container's times."""


class VideoFile:
    """The selected frames of a video's first stream; the attributes are those of `Clip`.

    Frames are turned upright as the file asks for. Times of frames count from the start of the selection; those of a
    selection from the start of the file, whose clock may not begin at 0. Raises VideoError if the file has no video,
    or none that can be decoded.
    """

    def __init__(self, path: Path, selection: Selection | None = None) -> None:
        self.path = path
        self.name = str(path)
        self.selection = selection or Selection()
        self.notes: list[str] = []
        self._damaged: list[float] = []
        self._is_cut_off = False
        self.fingerprint = compute_fingerprint(path)
        with open_video(path) as container:
            stream = container.streams.video[0]
            self.time_base = stream.time_base or Fraction(1, 1000)
            self._start = find_start(container, self.time_base)
            first = next(self._decode(container, stream), None)
            if first is None:
                raise VideoError(f"{self.name!r} has no frame that can be decoded; check the file with a player")
            self._coded_size = first.height, first.width
            self._rotation = first.rotation
            self._rate = stream.average_rate or stream.guessed_rate or Fraction(25)
            is_turned = self._rotation % 180 != 0
            self.size = (first.width, first.height) if is_turned else (first.height, first.width)
            aspect = stream.sample_aspect_ratio or Fraction(1)
            self.pixel_aspect = 1 / aspect if is_turned else aspect
            self._declared = stream.frames
            self.duration = self._find_duration(container, stream)
            self._first_time = 0.0 if first.pts is None else self._to_seconds(first.pts)
            warn_of_hdr(first.color_trc, self.name)
        self.count = self._estimate_count()

    @property
    def offset(self) -> int:
        """What is subtracted from the file's times, in units of the time base."""
        return self._start + round(self.selection.start / self.time_base)

    def _find_duration(self, container: InputContainer, stream: VideoStream) -> float | None:
        """Return the seconds from the start of the file to the end of the video, or None if the file does not say."""
        if stream.duration is not None:
            return self._to_seconds(stream.duration + (stream.start_time or 0))
        return None if container.duration is None else float(container.duration * MICROSECOND)

    def _to_seconds(self, pts: int) -> float:
        """Return a time of the file in seconds from its start."""
        return float((pts - self._start) * self.time_base)

    def _estimate_count(self) -> int | None:
        selection = self.selection
        if selection.start == 0 and selection.end is None and self._declared:
            return -(-self._declared // selection.every)
        if self.duration is None and selection.end is None:
            return None
        ends = [end for end in (self.duration, selection.end) if end is not None]
        start = max(selection.start, self._first_time)
        return max(round((min(ends) - start) * float(self._rate) / selection.every), 1)

    def frames(self) -> Iterator[Frame]:
        """Yield the selected frames. Raises VideoError if the frames change their size."""
        decoded, number, last = 0, 0, None
        with open_video(self.path) as container:
            stream = container.streams.video[0]
            index = 0
            for image in self._decode_selection(container, stream):
                decoded += 1
                pts = image.pts if image.pts is not None else image.dts
                # Raw streams and some old containers have no times.
                pts = (0 if last is None else last + self._frame_duration) if pts is None else pts
                pts = pts if last is None else max(pts, last + 1)
                last = pts
                seconds = self._to_seconds(pts)
                if self.selection.end is not None and seconds >= self.selection.end:
                    return
                if seconds < self.selection.start:
                    continue
                self._check_size(image, seconds)
                if index % self.selection.every == 0:
                    duration = (image.duration or self._frame_duration) * self.selection.every
                    name = f"{number + 1:06}"
                    yield Frame(number, name, pts - self.offset, duration, partial(to_upright, image, self._rotation))
                    number += 1
                index += 1
        self._note_damage(decoded)

    @property
    def _frame_duration(self) -> int:
        return max(round(1 / (self._rate * self.time_base)), 1)

    def _decode_selection(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Yield frames from the last key frame before the selection, or from an earlier one."""
        start = self.selection.start
        places = [start - margin for margin in SEEK_MARGINS if margin < start]
        for place in (*places, 0.0):
            self._damaged.clear()
            self._is_cut_off = False
            if start > 0:
                self._seek(container, place)
            images = self._decode(container, stream)
            first = next(images, None)
            is_early = first is not None and first.pts is not None and self._to_seconds(first.pts) <= start
            # Transport streams have no index. The place that is found may be in the middle of a group of pictures, and
            # the first frame that can be decoded from there may be too late.
            if is_early or place == 0:
                break
        if first is not None:
            yield first
            yield from images

    def _seek(self, container: InputContainer, seconds: float) -> None:
        """Go to a time from the start of the file, or to the start if the container cannot."""
        import av

        start = self._start * self.time_base
        try:
            container.seek(int((start + Fraction(seconds)) / MICROSECOND))
        except av.FFmpegError:
            container.seek(int(start / MICROSECOND))

    def _check_size(self, image: VideoFrame, seconds: float) -> None:
        if (image.height, image.width) != self._coded_size or image.rotation != self._rotation:
            height, width = self._coded_size
            raise VideoError(
                f"the frames of {self.name!r} change from {width} x {height} to {image.width} x {image.height} pixels "
                f"at {seconds:.2f} s; convert the video to one size first, or end before with --to"
            )

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Yield frames in the order in which they are shown, and skip what is damaged."""
        import av

        last = 0.0
        for packet in self._demux(container, stream):
            try:
                images = stream.codec_context.decode(packet)
            except av.FFmpegError:
                self._damaged.append(last)
                continue
            for image in images:
                last = self._to_seconds(image.pts) if image.pts is not None else last
                if image.is_corrupt:
                    self._damaged.append(last)
                yield image

    def _demux(self, container: InputContainer, stream: VideoStream) -> Iterator[Packet[Any] | None]:
        """Yield packets, and None at the end, at which the decoder gives the frames that it has kept back."""
        import av

        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self._is_cut_off = True
                packet = None
            if packet is None or packet.size == 0:
                yield None
                return
            yield packet

    def _note_damage(self, decoded: int) -> None:
        """Add to the notes what could not be read."""
        self.notes.clear()
        if self._damaged:
            self.notes.append(
                f"{self.name!r} is damaged at {self._damaged[0]:.2f} s; what could not be decoded is left out"
            )
        is_whole = self.selection.start == 0 and self.selection.end is None
        if self._is_cut_off or (is_whole and not self._damaged and decoded < self._declared):
            declared = f" of the {self._declared} frames that it declares" if self._declared else " frames"
            self.notes.append(f"{self.name!r} is cut off: it has only {decoded}{declared}")


def open_video(path: Path) -> InputContainer:
    """Open a file with a video stream. Raises VideoError."""
    try:
        import av
    except ImportError:
        raise VideoError("videos need the package av; run pip install 'barestyle[video]'") from None
    try:
        # An absolute path, as FFmpeg reads what precedes a colon as a protocol.
        container = av.open(str(path.absolute()))
    except (av.FFmpegError, OSError) as error:
        raise VideoError(
            f"{str(path)!r} cannot be read as a video ({error.strerror or error}); check the path"
        ) from None
    if not container.streams.video:
        container.close()
        raise VideoError(f"{str(path)!r} has no video stream; give a video, or a folder of images")
    stream = container.streams.video[0]
    if stream.codec_context is None:
        container.close()
        raise VideoError(
            f"{str(path)!r} has a codec that this build of av cannot decode; convert the video, such as to H.264"
        )
    stream.thread_type = "AUTO"
    return container


def to_upright(image: VideoFrame, rotation: float) -> Tensor:
    """Return a frame as (1, 3, H, W), sRGB in 0..1, turned counterclockwise by multiples of 90 degrees."""
    return torch.rot90(to_srgb(image), round(rotation / 90), dims=(2, 3)).contiguous()


def compute_fingerprint(path: Path) -> str:
    """Return a digest of a file's length, start and end. Raises VideoError if it cannot be read."""
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(FINGERPRINT_BYTES))
            length = file.seek(0, 2)
            file.seek(max(length - FINGERPRINT_BYTES, 0))
            digest.update(file.read() + str(length).encode())
    except OSError as error:
        raise VideoError(f"{str(path)!r} cannot be read ({error.strerror}); check the path") from None
    return digest.hexdigest()


def find_start(container: InputContainer, time_base: Fraction) -> int:
    """Return the time at which a file starts, in units of a time base.

    It is 0, or later in files such as those of camcorders, whose clock runs on. A time before 0 counts as 0: encoders
    add some sound before the first frame.
    """
    return max(round((container.start_time or 0) * MICROSECOND / time_base), 0)
