"""Execute a plan: run it under a progress display, save the result and report where it is."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.cli.exit_codes import INTERRUPTED, REFUSED
from barestyle.cli.json_output import describe_outcome, print_json
from barestyle.cli.messages import format_count, print_error
from barestyle.cli.standard_streams import STANDARD_STREAM, write_standard_output
from barestyle.errors import OutputError

if TYPE_CHECKING:
    from barestyle.cli.options import ProgressMode
    from barestyle.run.checkpoint import Checkpoint, CheckpointConfig
    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress
    from barestyle.run.result import Result


@dataclass(frozen=True)
class ExecuteOptions:
    """What to do while a plan runs.

    Attributes:
        force: overwrite the output, and snapshots and a video of an earlier run.
        overwrite_output: overwrite the output even without `force`.
        quiet: show no progress.
        progress: how to show progress, unless `quiet`.
        save_every: steps between snapshots, or None for no snapshots.
        video: file of the video, or None for no video.
        checkpoint: where and how often to write a checkpoint, or None for no checkpoint.
        resumed: checkpoint to continue from, or None to begin anew.
        stop_after: restarts and iterates after which to stop, or None; repeats a run that was interrupted there.
    """

    force: bool = False
    overwrite_output: bool = False
    quiet: bool = False
    progress: ProgressMode = "auto"
    save_every: int | None = None
    video: Path | None = None
    checkpoint: CheckpointConfig | None = None
    resumed: Checkpoint | None = None
    stop_after: tuple[int, int] | None = None


@dataclass(frozen=True)
class Outcome:
    """The result of executing a plan, and where it was saved.

    Attributes:
        result: what the run returned.
        path: the saved image: the output, or a file in the folder for temporary files if `error` is set;
            STANDARD_STREAM if it went to standard output.
        interrupted: Ctrl-C was pressed, possibly after the last step; `result.interrupted` says if it stopped the run.
        error: why the image could not be saved as the output, or None.
        checkpoint: the checkpoint that `barestyle resume` can continue from, or None.
    """

    result: Result
    path: Path
    interrupted: bool = False
    error: OutputError | None = None
    checkpoint: Path | None = None

    @property
    def exit_code(self) -> int:
        """0, REFUSED if the image is not where it was asked for, or INTERRUPTED if Ctrl-C stopped the run."""
        if self.error is not None:
            return REFUSED
        return INTERRUPTED if self.interrupted and self.result.interrupted else 0

    def describe(self) -> dict[str, object]:
        """Return the fields of its JSON."""
        return describe_outcome(self)


class StopPoint:
    """Notices when a run has taken as many restarts and iterates as an earlier one.

    Args:
        restarts_and_iterates: both counts, or None to never stop; iterates are those of the last attempt.
    """

    def __init__(self, restarts_and_iterates: tuple[int, int] | None) -> None:
        self._target = restarts_and_iterates
        self._restarts = 0
        self._iterates = 0

    def __call__(self, progress: Progress) -> None:
        """Count an iterate."""
        self._iterates = 1 if progress.restarts > self._restarts else self._iterates + 1
        self._restarts = progress.restarts

    @property
    def is_reached(self) -> bool:
        """Whether the run should stop here."""
        return (self._restarts, self._iterates) == self._target


def execute(plan: Plan, output: Path, options: ExecuteOptions) -> Outcome:
    """Run a plan, and save its result as `output`.

    The first Ctrl-C stops the run and saves the best image so far. Raises OutputError before any work if `output` or a
    snapshot could not be written, and what `barestyle.run.runner.run` raises.
    """
    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.progress_bar import show_progress
    from barestyle.cli.snapshots import Snapshots
    from barestyle.images import check_format
    from barestyle.run import split_checkpoint
    from barestyle.run.runner import run
    from barestyle.run.video_recorder import record_video

    check_format(output, *plan.size)
    check_split_options(plan, output, options)
    is_quiet = options.quiet or plan.group.rank > 0
    snapshots = Snapshots(output, options.save_every, plan, force=options.force) if options.save_every else None
    stop_point = StopPoint(options.stop_after)
    with (
        Interrupt(silent=is_quiet, stop_on_termination=plan.group.size > 1) as interrupt,
        show_progress(
            plan, mode="none" if is_quiet else options.progress, is_resumed=options.resumed is not None
        ) as show,
        record_video(options.video, plan, force=options.force) as video,
    ):
        observers = [observer for observer in (stop_point, show, snapshots, video) if observer is not None]

        def on_progress(progress: Progress) -> None:
            for observe in observers:
                observe(progress)

        result = run(
            plan,
            on_progress=on_progress,
            should_stop=lambda: interrupt.requested or stop_point.is_reached,
            checkpoint_config=options.checkpoint,
            resumed=options.resumed,
        )
        path, error = save_or_rescue(result, output, overwrite=options.force or options.overwrite_output)
        if video is not None:
            video.finish(result.image)
        checkpoint = None
        if options.checkpoint is not None:
            if error is None and not result.interrupted:
                if plan.group.rank == 0:
                    split_checkpoint.delete(options.checkpoint.path)
            elif options.checkpoint.path.exists():
                checkpoint = options.checkpoint.path
    return Outcome(result, path, interrupt.requested, error, checkpoint)


def check_split_options(plan: Plan, output: Path, options: ExecuteOptions) -> None:
    """Raise OutputError for what a picture on several processes cannot have."""
    from barestyle.run.result import check_split_output

    if plan.group.size == 1:
        return
    if options.save_every or options.video or output == STANDARD_STREAM:
        name = "--save-every" if options.save_every else "--video" if options.video else "-o -"
        raise OutputError(
            f"{name} needs the whole picture in one process; leave it out, or start a single process without torchrun"
        )
    check_split_output(output, force=True)


def save_or_rescue(result: Result, output: Path, *, overwrite: bool) -> tuple[Path, OutputError | None]:
    """Save a result, in the folder for temporary files if it cannot be saved as `output`.

    If the picture is split among processes, all have to call this.

    Return the path of the image and, if it is not `output`, the reason. Raise OutputError if neither can be written.
    """
    from barestyle.distributed import ALONE, agree
    from barestyle.images.output import EXTENSIONS

    try:
        return save(result, output, overwrite=overwrite), None
    except OutputError as error:
        group = ALONE if result.shard is None else result.shard.group
        folder = Path(agree(group, lambda: tempfile.mkdtemp(prefix="barestyle-") if group.rank == 0 else "")[0])
        suffix = output.suffix.lower()
        try:
            # Not under its own name, which may be what cannot be written.
            rescued = result.save(folder / f"out{suffix if suffix in EXTENSIONS else '.png'}")
        except OutputError:
            if group.rank == 0:
                folder.rmdir()
            raise error from None
        return rescued, OutputError(f"{error}; the image was saved as {str(rescued)!r} instead")


def save(result: Result, output: Path, *, overwrite: bool) -> Path:
    """Save a result, or write it to standard output, and return the path. Raise OutputError."""
    if output != STANDARD_STREAM:
        return result.save(output, overwrite=overwrite)
    write_standard_output(result.to_png())
    return output


def report(outcome: Outcome, *, quiet: bool, as_json: bool = False, extra: Mapping[str, object] | None = None) -> None:
    """Print where the image is, how the run went and how to continue it; with `quiet` only an error.

    With `as_json` the result is printed as a line of JSON, with the fields of `extra` at its end. If the image went to
    standard output, nothing else does.
    """
    if outcome.error is not None:
        print_error(outcome.error)
    if as_json:
        print_json({**describe_outcome(outcome), **(extra or {})})
        return
    if quiet:
        return
    result = outcome.result
    is_standard = outcome.path == STANDARD_STREAM
    file = sys.stderr if is_standard else sys.stdout
    if outcome.error is None:
        size = f"{result.record.width} x {result.record.height}"
        restarts = f", {format_count(result.restarts, 'restart')}" if result.restarts else ""
        evaluations = format_count(result.evaluations, "evaluation")
        name = "standard output" if is_standard else outcome.path
        print(f"{name}  {size} pixels, {evaluations} in {result.seconds:.1f} s{restarts}", file=file)
        print(f"The run ended because {result.reason}.", file=file)
    if outcome.checkpoint is not None:
        print(f"To continue, run `barestyle resume {outcome.checkpoint.with_suffix('')}`.", file=file)
