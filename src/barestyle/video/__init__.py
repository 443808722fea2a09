"""Write the images of an optimization as a video: MP4 or GIF."""

from barestyle.video.frames import FRAME_MS, HOLD_MS
from barestyle.video.writer import FORMATS, VideoWriter, check_video

__all__ = ["FORMATS", "FRAME_MS", "HOLD_MS", "VideoWriter", "check_video"]
