"""Repaint a clip with a painter: progress, Ctrl-C, resuming, writing the result, and what is printed at the end."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import barestyle
from barestyle.cli.clip_output import ClipOutput
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.exit_codes import INCOMPLETE, INTERRUPTED
from barestyle.cli.json_output import print_json
from barestyle.cli.messages import format_count, print_error
from barestyle.cli.progress_bar import format_duration
from barestyle.errors import OutputError

if TYPE_CHECKING:
    from barestyle.clips.frame import Clip, Selection
    from barestyle.clips.frame_painter import FramePainter
    from barestyle.clips.repaint import ClipOutcome
    from barestyle.clips.sound import Sound
    from barestyle.clips.work_folder import WorkFolder


@dataclass(frozen=True)
class ClipJob:
    """A clip to repaint.

    Attributes:
        source: the video file or the folder that the clip is.
        clip: its frames.
        selection: which of them.
        painter: paints them.
        size: height and width of the painted frames.
        settings: JSON values on which the painted frames depend, besides clip and selection.
        output: where they go.
    """

    source: Path
    clip: Clip
    selection: Selection
    painter: FramePainter
    size: tuple[int, int]
    settings: dict[str, object]
    output: ClipOutput

    def build_key(self) -> dict[str, object]:
        """Return what two commands that paint the same frames share."""
        return {
            "version": barestyle.__version__,
            "clip": self.clip.fingerprint,
            "selection": [self.selection.start, self.selection.end, self.selection.every],
            "size": list(self.size),
            "settings": self.settings,
        }


def repaint_clip(job: ClipJob, *, force: bool, display: DisplayOptions) -> int:
    """Paint what is not finished of a clip, write the result if nothing is left, and return the exit code.

    The first Ctrl-C ends it after the current frame; finished frames are kept, so that the same command continues.
    Raises OutputError and VideoError, and what the painter raises.
    """
    from barestyle.cli.clip_progress import show_clip_progress
    from barestyle.cli.interrupt import Interrupt
    from barestyle.clips.repaint import ClipOutcome, repaint, write_result
    from barestyle.clips.work_folder import WorkFolder, check_space

    output, clip = job.output, job.clip
    folder = WorkFolder(output.path, job.build_key(), output.path if output.is_folder else None)
    check_folder(output, folder, force=force)
    state = folder.open(force=force)
    check_space(folder, clip.count, job.size)
    mode = "none" if display.quiet else display.progress
    try:
        with (
            Interrupt("the finished frames are kept", silent=display.quiet) as interrupt,
            show_clip_progress(mode, finished=folder.finished, count=clip.count) as show,
        ):
            outcome = repaint(
                clip,
                job.painter,
                folder,
                job.size,
                state=state,
                on_progress=show,
                should_stop=lambda: interrupt.requested,
            )
            if not outcome.interrupted and not output.is_folder:
                write_result(output.path, clip, folder, find_sound(job, folder, is_complete=outcome.error is None))
    except KeyboardInterrupt:  # the second Ctrl-C
        outcome = ClipOutcome(folder.finished, 0.0, interrupted=True)
    if not outcome.interrupted:
        folder.delete()
    return report(job, outcome, display)


def check_folder(output: ClipOutput, folder: WorkFolder, *, force: bool) -> None:
    """Raise OutputError if a folder for frames has files that no interrupted command left there."""
    if not output.is_folder or force or folder.path.exists() or not output.path.exists():
        return
    count = sum(1 for _ in output.path.iterdir())
    if count:
        raise OutputError(
            f"the folder {str(output.path)!r} has {format_count(count, 'file')}; choose another folder, or write into "
            "it with --force"
        )


def find_sound(job: ClipJob, folder: WorkFolder, *, is_complete: bool) -> Sound | None:
    """Return the sound of the selected part; up to the last finished frame if the clip could not be read to its end."""
    from barestyle.clips.sound import Sound

    if job.source.is_dir():
        return None
    end = job.selection.end
    if not is_complete:
        last = folder.list_frames()[-1]
        end = job.selection.start + float((last.pts + last.duration) * job.clip.time_base)
    return Sound(job.source, job.selection.start, end)


def report(job: ClipJob, outcome: ClipOutcome, display: DisplayOptions) -> int:
    """Print where the result is and what could not be read, or how to continue; return the exit code."""
    output = job.output.path
    notes = [str(outcome.error)] if outcome.error is not None else list(job.clip.notes)
    if display.as_json:
        print_json(
            {
                "output": None if outcome.interrupted else str(output),
                "width": job.size[1],
                "height": job.size[0],
                "frames": outcome.frames,
                "seconds": outcome.seconds,
                "interrupted": outcome.interrupted,
                "errors": notes,
            }
        )
    for note in notes:
        print_error(note)
    if outcome.interrupted:
        print(
            f"interrupted: {format_count(outcome.frames, 'frame')} finished; repeat the command to continue",
            file=sys.stderr,
        )
        return INTERRUPTED
    if not display.quiet and not display.as_json:
        size = f"{job.size[1]} x {job.size[0]}"
        print(
            f"{output}  {format_count(outcome.frames, 'frame')} of {size} pixels in {format_duration(outcome.seconds)}"
        )
    return INCOMPLETE if notes else 0
