"""`barestyle resume`: go on with a run that was killed, or stopped, from its checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli import video_option as filming
from barestyle.errors import RecordError
from barestyle.spec import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.run.checkpoint import Checkpoint

SUFFIX = ".checkpoint"


def resume(
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="The picture that was to come of it.", show_default=False)
    ],
    checkpoint: options.Checkpoint = None,
    save_every: options.SaveEvery = None,
    film: options.VideoWriter = None,
    content: options.ContentElsewhere = None,
    style: options.StylesElsewhere = None,
    mask: options.MasksElsewhere = None,
    keep: options.KeepElsewhere = None,
    start: options.StartElsewhere = None,
    trained: options.TrainedElsewhere = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Go on with a run that had --checkpoint, to the picture that it would have come to.

    It ends bit for bit where it would have ended without a stop, on the same machine.
    """
    import torch

    from barestyle.cli.transfer import paint
    from barestyle.run import checkpoint as checkpoints
    from barestyle.run.checkpoint import CheckpointConfig
    from barestyle.run.record import check_output
    from barestyle.run.rerun import RelocatedFiles, plan_rerun

    output = output.with_name(output.name.removesuffix(SUFFIX))
    path = checkpoints.path_for(output)
    if not path.is_file() and output.is_file():
        raise RecordError(f"{str(output)!r} has no checkpoint beside it; either it is done, or it was made without one")
    found = checkpoints.load(path)
    # Sums are split among threads, so their number shows in the last bit.
    torch.set_num_threads(found.record.threads)
    elsewhere = RelocatedFiles(content, tuple(style or ()), tuple(mask or ()), keep, start, trained)
    plan = plan_rerun(found.record, path, elsewhere, max_pixels=max_pixels)
    overwrite = force or _is_unfinished(output, found)
    check_output(output, force=overwrite, inputs=plan.files)
    if film is not None:
        filming.check(film, output, force=force, inputs=[path, *plan.files], save_every=save_every)
    checkpoint_config = CheckpointConfig(path, checkpoint or found.every)
    return paint(
        plan,
        output,
        quiet=quiet,
        save_every=save_every,
        film=film,
        force=force,
        overwrite=overwrite,
        checkpoint_config=checkpoint_config,
        resumed=found,
    )


def _is_unfinished(output: Path, found: Checkpoint) -> bool:
    """Whether an output is what the same run left when it was interrupted."""
    from barestyle.run import record as records

    if not output.is_file():
        return False
    try:
        earlier = records.find(output)
    except RecordError:
        return False
    return earlier.interrupted and earlier.run_key == found.record.run_key
