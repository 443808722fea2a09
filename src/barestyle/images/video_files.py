"""Recognize video files, which are not images."""

from __future__ import annotations

import shlex
from pathlib import Path

from barestyle.errors import ImageError

EXTENSIONS = (".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".webm", ".wmv")
"""Extensions of video files, in lower case."""

SIGNATURE_LENGTH = 32
"""Bytes at the start of a file that tell whether it is a video."""

_SIGNATURES = (b"\x1aE\xdf\xa3", b"FLV\x01", b"OggS", b"0&\xb2u\x8ef\xcf\x11", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
"""The start of Matroska and WebM, Flash, Ogg, Windows Media, and MPEG files."""

_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  ", b"3gp", b"dash")
"""Brands of MP4 and QuickTime; HEIC and AVIF are the same container with other brands."""


def is_video(start: bytes) -> bool:
    """Return whether a file with these first bytes is a video."""
    if start[4:8] == b"ftyp":
        return start[8:12].startswith(_BRANDS)
    if start[4:8] in (b"moov", b"mdat", b"wide"):  # QuickTime without a brand
        return True
    return start.startswith(_SIGNATURES) or (start[:4] == b"RIFF" and start[8:12] == b"AVI ")


def is_video_file(path: Path) -> bool:
    """Return whether a file can be read and is a video."""
    try:
        with path.open("rb") as file:
            return is_video(file.read(SIGNATURE_LENGTH))
    except (OSError, ValueError):  # a ValueError for a path with a NUL in it
        return False


def refuse_video(path: Path) -> ImageError:
    """Return the error for a video in place of an image."""
    command = shlex.join(["ffmpeg", "-i", str(path), "-frames:v", "1", f"{path.stem}.png"])
    return ImageError(f"{str(path)!r} is a video; give an image, such as a frame exported with `{command}`")
