"""MP4 files: H.264 video, encoded by PyAV (FFmpeg and x264)."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from barestyle.errors import OutputError
from barestyle.images import PixelArray
from barestyle.video.frames import FRAME_MS, HOLD_MS, RATE

if TYPE_CHECKING:
    from av import VideoFrame

X264 = {"crf": "16", "preset": "medium", "rc-lookahead": "10"}
"""Options of x264. A rate factor of 16 adds a fifth to the error that halving the color resolution makes anyway, at a
sixth of the size of rate factor 1. The default lookahead of 40 frames takes 180 MB more at 1280 x 1280 and saves
nothing."""

BT709 = 1
"""Number of BT.709 primaries, transfer function and matrix in ITU-T H.273. sRGB has the same primaries, and its
transfer function is so similar that players show one as the other."""

LIMITED_RANGE = 1
"""FFmpeg's number (AVCOL_RANGE_MPEG) for levels from 16, black, to 235, white."""


class Mp4Writer:
    """Encodes frames as H.264 in the color format that players assume: BT.709, 16..235, 4:2:0.

    Frames are encoded as they come; some 250 MB are held at 1280 x 1280. Sides must be even in 4:2:0, so an odd side
    gets its last row or column twice.
    """

    def __init__(self, path: Path, height: int, width: int) -> None:
        import av

        # An absolute path, as FFmpeg reads what precedes a colon as a protocol. `faststart` puts the index first, so
        # that a browser can start playing before it has the whole file.
        self._container = av.open(str(path.absolute()), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=RATE, options=X264)
        self._stream.pix_fmt = "yuv420p"
        self._padding = (0, height % 2), (0, width % 2), (0, 0)
        self._stream.height, self._stream.width = height + height % 2, width + width % 2
        context = self._stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED_RANGE
        self._count = 0
        self._last: VideoFrame | None = None

    def add(self, samples: PixelArray) -> None:
        """Encode a frame, (H, W, 3) uint8."""
        from av import VideoFrame

        frame = VideoFrame.from_ndarray(np.pad(samples, self._padding, mode="edge"), format="rgb24")
        self._last = frame.reformat(
            format="yuv420p", dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range="MPEG"
        )
        self._encode(self._last)

    def _encode(self, frame: VideoFrame | None) -> None:
        """Encode a frame, or flush the encoder for None."""
        if frame is not None:
            frame.pts, frame.time_base = self._count, Fraction(1, RATE)
            self._count += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Repeat the last frame for HOLD_MS and write the file; many players ignore the duration of one long frame."""
        for _ in range(HOLD_MS // FRAME_MS - 1):
            self._encode(self._last)
        self._encode(None)
        self._container.close()

    def close(self) -> None:
        """Close the file, finished or not."""
        import av

        with suppress(av.FFmpegError):  # an unfinished file, which FFmpeg tries to complete
            self._container.close()


def check_encoder(others: str) -> None:
    """Raise OutputError if PyAV or its x264 encoder is missing; `others` names formats that work without them."""
    try:
        import av
    except ImportError:
        raise OutputError(f".mp4 needs the package av; run pip install 'barestyle[video]', or use {others}") from None
    if "libx264" not in av.codecs_available:
        raise OutputError(
            f".mp4 needs libx264, which this build of av lacks; install av's wheel from PyPI, or use {others}"
        )
