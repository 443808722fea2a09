"""Copy the sound of a video into another file, without encoding it again."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barestyle.clips.video_file import MICROSECOND, find_start, open_video

if TYPE_CHECKING:
    from av import Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer


@dataclass(frozen=True)
class Sound:
    """The sound of a video.

    Attributes:
        path: the file to copy it from.
        start: seconds from the start of that file; the sound begins there, at 0 of the new file.
        end: seconds from the start of that file; the sound ends there. None for all of it.
    """

    path: Path
    start: float = 0.0
    end: float | None = None


class SoundCopier:
    """A context that copies packets of sound up to a time, in step with the frames of a video.

    Streams that the new file cannot hold are left out with a warning.

    Args:
        sound: what to copy; None for a silent video.
        output: the new file, before its first packet.
    """

    def __init__(self, sound: Sound | None, output: OutputContainer) -> None:
        self._sound = sound
        self._output = output
        self._input: InputContainer | None = None
        self._streams: dict[int, AudioStream] = {}
        self._packets: Iterator[tuple[float, Packet[Any]]] = iter(())
        self._next: tuple[float, Packet[Any]] | None = None

    def __enter__(self) -> SoundCopier:
        if self._sound is not None:
            self._input = open_video(self._sound.path)
            streams = [stream for stream in self._input.streams.audio if self._add_stream(stream)]
            if streams:
                self._packets = self._read_packets(self._input, streams, self._sound)
            self._next = next(self._packets, None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._input is not None:
            self._input.close()

    def _add_stream(self, stream: AudioStream) -> bool:
        """Add a copy of a stream to the new file, and return whether it can hold it."""
        codec = stream.codec_context.codec.canonical_name if stream.codec_context is not None else "unknown"
        if codec not in self._output.supported_codecs:
            warnings.warn(
                f"the sound was left out, as a {self._output.format.name} file cannot hold its codec {codec}; use .mkv",
                stacklevel=2,
            )
            return False
        self._streams[stream.index] = self._output.add_stream_from_template(stream)
        return True

    def _read_packets(
        self, container: InputContainer, streams: list[AudioStream], sound: Sound
    ) -> Iterator[tuple[float, Packet[Any]]]:
        """Yield the packets of the range with their times in the new file; a damaged rest is left out."""
        import av

        if sound.start > 0:
            container.seek(find_start(container, MICROSECOND) + int(sound.start / MICROSECOND))
        packets = container.demux(streams)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                return
            if packet is None:
                return
            if packet.dts is None or packet.pts is None:
                continue  # the end of a stream
            file_start = find_start(container, packet.time_base)
            seconds = float((packet.pts - file_start) * packet.time_base)
            # Encoders begin before 0; that packet belongs to the sound, too.
            is_early = sound.start > 0 and seconds < sound.start
            if is_early or (sound.end is not None and seconds >= sound.end):
                continue
            offset = file_start + round(sound.start / packet.time_base)
            packet.pts, packet.dts = packet.pts - offset, packet.dts - offset
            stream = self._streams[packet.stream.index]
            packet.stream = stream
            yield seconds - sound.start, packet

    def copy_until(self, seconds: float | None) -> None:
        """Copy the packets before a time of the new file, or all that are left for None."""
        while self._next is not None and (seconds is None or self._next[0] <= seconds):
            self._output.mux(self._next[1])
            self._next = next(self._packets, None)
