"""`barestyle rerun`: repeat a run from its record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.errors import RecordError
from barestyle.spec import MAX_PIXELS, with_settings

if TYPE_CHECKING:
    from barestyle.fitting import Fit
    from barestyle.plan import Plan
    from barestyle.records import Fitting, Record


def rerun(
    earlier: Annotated[Path, typer.Argument(metavar="OUT", help="A picture that barestyle made, or its .json.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="AGAIN", help="Where the repetition goes.", show_default=False),
    ],
    content: Annotated[
        Path | None, typer.Option(help="The content, if it lies elsewhere now.", show_default=False)
    ] = None,
    style: Annotated[Path | None, typer.Option(help="The style, if it lies elsewhere now.", show_default=False)] = None,
    weights: Annotated[
        Path | None, typer.Option(help="The trained weights, if they lie elsewhere now.", show_default=False)
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

    record = records.find(earlier)
    # Sums are split among threads, so their number shows in the last bit.
    torch.set_num_threads(record.threads)
    elsewhere = {"content": content, "style": style, "weights": weights}
    plan = _plan(record, earlier, elsewhere, device or record.device, max_pixels)
    files = [source.path for source in (plan.content, plan.style, plan.trained) if source is not None and source.path]
    records.check_output(output, force=force, inputs=[earlier, *files])
    stop_after = (record.restarts, len(record.losses)) if record.interrupted else None
    code = paint(plan, output, quiet=quiet, force=force, stop_after=stop_after)
    difference = _difference(record, records.find(output))
    if difference is not None:
        print(f"barestyle: the picture differs from the earlier one: {difference}", file=sys.stderr)
        return code or 1
    if not quiet:
        print("The picture is the same, bit for bit.")
    return code


def _plan(record: Record, earlier: Path, elsewhere: dict[str, Path | None], device: str, max_pixels: int) -> Plan:
    """The run of a record, from the same files as then. Raises RecordError where they are not the same."""
    from barestyle import records
    from barestyle.plan import prepare

    sources = {"content": record.content, "style": record.style, "weights": record.weights}
    if record.weights is None and elsewhere["weights"] is not None:
        raise RecordError(f"{str(earlier)!r} was made without trained weights; leave --weights out")
    files = {
        name: records.located(name, source, elsewhere[name], earlier.resolve().parent)
        for name, source in sources.items()
        if source is not None
    }
    spec = record.spec
    if "weights" in files:
        spec = with_settings(spec, {"network.trained_file": str(files["weights"])})
    plan = prepare(
        files["content"],
        files["style"],
        spec,
        seed=record.seed,
        device=device,
        precision=record.precision,
        max_pixels=max_pixels,
        fits=tuple(_fit(one) for one in record.fits),
    )
    present = {"content": plan.content, "style": plan.style, "weights": plan.trained}
    for name, source in sources.items():
        now = present[name]
        if source is None or source.path is None or now is None:
            continue  # nothing was taken, or it was in memory, and its hash is not a file's
        if source.sha256 != now.sha256:
            raise RecordError(
                f"{str(files[name])!r} is not the {name} that {str(earlier)!r} was made from; "
                f"name the right file with --{name}"
            )
    return plan


def _fit(one: Fitting) -> Fit:
    """A record's fitting for a plan."""
    from barestyle.fitting import Fit
    from barestyle.networks import Size

    tile = Size(one.tile_height, one.tile_width) if one.tile_height and one.tile_width else None
    return Fit(tile, one.held, one.history)


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
