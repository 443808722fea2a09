"""`barestyle rerun`: repeat a run from its record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.spec import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.records import Record


def rerun(
    earlier: Annotated[Path, typer.Argument(metavar="OUT", help="A picture that barestyle made, or its .json.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="AGAIN", help="Where the repetition goes.", show_default=False),
    ],
    content: Annotated[
        Path | None, typer.Option(help="The content, if it lies elsewhere now.", show_default=False)
    ] = None,
    style: Annotated[
        list[Path] | None,
        typer.Option(help="The style, if it lies elsewhere now; of several, each in its order.", show_default=False),
    ] = None,
    mask: Annotated[
        list[Path] | None,
        typer.Option(help="The styles' masks, if they lie elsewhere now, in their order.", show_default=False),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="The mask of what is kept, if it lies elsewhere now.", show_default=False)
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="The picture it began with, if it lies elsewhere now.", show_default=False)
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--trained", "--weights", help="The trained weights, if they lie elsewhere now.", show_default=False
        ),
    ] = None,
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

    from barestyle import records
    from barestyle.cli.transfer import paint
    from barestyle.replay import Elsewhere, plan_of

    record = records.find(earlier)
    # Sums are split among threads, so their number shows in the last bit.
    torch.set_num_threads(record.threads)
    elsewhere = Elsewhere(content, tuple(style or ()), tuple(mask or ()), keep, start, weights)
    plan = plan_of(record, earlier, elsewhere, device=device, max_pixels=max_pixels)
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
