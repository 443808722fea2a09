"""`barestyle resume`: continue a run or a training from its checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.execute import ExecuteOptions, Outcome, execute, report
from barestyle.cli.option_groups import MovedOptions, expand_groups
from barestyle.cli.output_option import OutputFile, create_folders
from barestyle.cli.train import resume_training
from barestyle.cli.video_option import check_video_option, parse_video
from barestyle.errors import RecordError, SpecError
from barestyle.limits import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.distributed import ProcessGroup
    from barestyle.run.checkpoint import Checkpoint

SUFFIX = ".checkpoint"

STYLE_SUFFIX = ".style"
"""Of the output of `barestyle train`."""


@expand_groups
def resume(
    *,
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="Output of the run, an image or OUT.style, or its checkpoint.", show_default=False
        ),
    ],
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            "--checkpoint-every",
            metavar="N",
            min=1,
            help="Save a checkpoint after every N steps (default: as before).",
            show_default=False,
            rich_help_panel=options.PROGRESS_PANEL,
        ),
    ] = None,
    save_every: options.SaveEvery = None,
    video: options.Video = None,
    moved_options: MovedOptions,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    display: DisplayOptions,
) -> int:
    """Continue a run that was started with --checkpoint and did not finish, or a training.

    On the same machine the result is the same, bit for bit, as without the interruption.
    """
    from barestyle.distributed import join_torchrun

    output = output.with_name(output.name.removesuffix(SUFFIX))
    if output.suffix == STYLE_SUFFIX:
        refuse_run_options(
            moved_options, checkpoint_every=checkpoint_every, save_every=save_every, video=video, force=force
        )
        return resume_training(output, display)
    video_file = parse_video(video, OutputFile(output), ())
    options_of_run = display.execute_options(force=force, save_every=save_every)
    with join_torchrun() as group:
        outcome = continue_run(
            output,
            group,
            options_of_run,
            moved_options,
            video=video_file,
            checkpoint_every=checkpoint_every,
            max_pixels=max_pixels,
        )
        if group.rank == 0:
            report(outcome, quiet=display.quiet, as_json=display.as_json)
    return outcome.exit_code


def refuse_run_options(moved_options: MovedOptions, **others: object) -> None:
    """Raise SpecError if an option of a run is given for a training."""
    given = [name for name, value in {**vars(moved_options), **others}.items() if value]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise SpecError(f"a training continues with its own files and settings; leave out {names}")


def continue_run(
    output: Path,
    group: ProcessGroup,
    options_of_run: ExecuteOptions,
    moved_options: MovedOptions,
    *,
    video: OutputFile | None,
    checkpoint_every: int | None,
    max_pixels: int,
) -> Outcome:
    """Continue the run of an output from its checkpoint."""
    from barestyle.hardware.threads import use_threads
    from barestyle.run import checkpoint as checkpoints
    from barestyle.run.checkpoint import CheckpointConfig
    from barestyle.run.output_files import check_output
    from barestyle.run.rerun import plan_rerun
    from barestyle.run.split_checkpoint import agree_on_checkpoint

    path = checkpoints.path_for(output)
    if not path.is_file() and output.is_file():
        raise RecordError(
            f"there is no checkpoint for {str(output)!r}; the run is finished, or was started without --checkpoint"
        )
    checkpoint = agree_on_checkpoint(path, group)
    force = options_of_run.force
    with use_threads(checkpoint.record.threads if group.size == 1 else None):
        plan = plan_rerun(checkpoint.record, path, moved_options.relocate(), max_pixels=max_pixels, group=group)
        overwrite_output = is_unfinished(output, checkpoint)
        check_output(output, force=force or overwrite_output, inputs=plan.files)
        if video is not None:
            check_video_option(video, output, force=force, inputs=[path, *plan.files])
        execute_options = replace(
            options_of_run,
            overwrite_output=overwrite_output,
            video=None if video is None else video.path,
            checkpoint=CheckpointConfig(path, checkpoint_every or checkpoint.every),
            resumed=checkpoint,
        )
        with create_folders([] if video is None else [video]):
            return execute(plan, output, execute_options)


def is_unfinished(output: Path, checkpoint: Checkpoint) -> bool:
    """Return whether `output` is what the checkpoint's run saved when it was interrupted."""
    from barestyle.run import record as records

    if not output.is_file():
        return False
    try:
        record = records.find(output)
    except RecordError:
        return False
    return record.interrupted and record.run_key == checkpoint.record.run_key
