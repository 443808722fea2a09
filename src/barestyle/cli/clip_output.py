"""`-o` of a command that paints a clip, and the frames of --from, --to and --every."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.cli.output_option import check_new_folder, names_folder
from barestyle.errors import SpecError

if TYPE_CHECKING:
    from barestyle.clips.frame import Selection


@dataclass(frozen=True)
class ClipOutput:
    """Where a painted clip goes: a video file, or a folder of frames."""

    path: Path
    is_folder: bool

    def check(self, *, force: bool, inputs: Collection[Path]) -> None:
        """Refuse, before any work, an output that cannot be written or that is an input. Raises OutputError."""
        from barestyle.clips.video_writer import FORMATS, check_encoder
        from barestyle.images import check_distinct, check_output

        check_distinct([self.path], inputs)
        if not self.is_folder:
            check_encoder(self.path)
            check_output(self.path, force=force, extensions=FORMATS, what="video")
        elif not self.path.exists():
            check_new_folder(self.path)


def parse_clip_output(text: str | None, source: Path, styles: Sequence[Path]) -> ClipOutput:
    """Return the output of -o; by default a file SOURCE-STYLE.mp4, or a folder SOURCE-STYLE if the source is a folder.

    An existing folder, and a path with a slash at its end, are folders for frames. Raise OutputError if a path with a
    slash is a file.
    """
    if text is not None:
        return ClipOutput(Path(text), names_folder(text))
    name = "-".join(path.stem for path in (source, *styles))
    return ClipOutput(Path(name), True) if source.is_dir() else ClipOutput(Path(f"{name}.mp4"), False)


def parse_selection(start: str | None, end: str | None, every: int) -> Selection:
    """Return the frames that --from, --to and --every select. Raise SpecError if a time is invalid."""
    first, last = parse_time(start, "--from") or 0.0, parse_time(end, "--to")
    from barestyle.clips.frame import Selection

    return Selection(first, last, every)


def parse_time(text: str | None, option: str) -> float | None:
    """Return the seconds of '90', '1:30.5' or '0:01:30', or None. Raise SpecError for anything else."""
    if text is None:
        return None
    parts = text.split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if not 1 <= len(values) <= 3 or not all(0 <= value < 60 for value in values[1:]) or not 0 <= values[0] < 1e9:
        raise SpecError(f"{option} must be a time in seconds, or like 1:30.5 or 0:01:30, not {text!r}")
    return math.fsum(value * 60.0**place for place, value in enumerate(reversed(values)))
