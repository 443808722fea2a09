"""`barestyle rerun`: repeat a run from its record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.spec import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.run.record import Record


def rerun(
    earlier: Annotated[Path, typer.Argument(metavar="OUT", help="A picture that barestyle made, or its .json.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="AGAIN", help="Where the repetition goes.", show_default=False),
    ],
    content: options.ContentElsewhere = None,
    style: options.StylesElsewhere = None,
    mask: options.MasksElsewhere = None,
    keep: options.KeepElsewhere = None,
    start: options.StartElsewhere = None,
    trained: options.TrainedElsewhere = None,
    device: Annotated[
        str | None, typer.Option(metavar="D", help="Another device than then.", show_default=False)
    ] = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repeat a run from its record: bit for bit on the same machine.

    Ends with 1 where the picture came out otherwise, and says what is different here.
    """
    import torch

    from barestyle.cli.transfer import paint
    from barestyle.run import record as records
    from barestyle.run.rerun import RelocatedFiles, plan_rerun

    record = records.find(earlier)
    # Sums are split among threads, so their number shows in the last bit.
    torch.set_num_threads(record.threads)
    elsewhere = RelocatedFiles(content, tuple(style or ()), tuple(mask or ()), keep, start, trained)
    plan = plan_rerun(record, earlier, elsewhere, device=device, max_pixels=max_pixels)
    records.check_output(output, force=force, inputs=[earlier, *plan.files])
    stop_after = (record.restarts, len(record.losses)) if record.interrupted else None
    code = paint(plan, output, quiet=quiet, force=force, stop_after=stop_after)
    difference = _difference(record, records.find(output))
    if difference is not None:
        print(f"barestyle: the picture differs from the earlier one: {difference}", file=sys.stderr)
        return code or 1
    if not quiet:
        print("The picture is the same, bit for bit.")
    return code


def _difference(before: Record, after: Record) -> str | None:
    """Why a repetition came out otherwise, or None where it did not."""
    if before.image_sha256 == after.image_sha256:
        return None
    changed = [
        f"{name} {before.versions.get(name)} is {now} here"
        for name, now in after.versions.items()
        if before.versions.get(name) != now
    ]
    if before.digest != before.spec.digest:
        changed.append("the spec in the record was edited since")
    if before.device != after.device:
        changed.append(f"it ran on {before.device} and now on {after.device}")
    return "; ".join(changed) or "the machine must be another one"
