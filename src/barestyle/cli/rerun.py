"""`barestyle rerun`: repeat a run from its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.errors import RecordError
from barestyle.spec import with_settings

if TYPE_CHECKING:
    from barestyle.plan import Plan
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
    style: Annotated[Path | None, typer.Option(help="The style, if it lies elsewhere now.", show_default=False)] = None,
    weights: Annotated[
        Path | None, typer.Option(help="The trained weights, if they lie elsewhere now.", show_default=False)
    ] = None,
    max_pixels: options.MaxPixels = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repeat a run from its record: bit for bit on the same machine."""
    import torch

    from barestyle import records
    from barestyle.cli.transfer import paint
    from barestyle.images import MAX_PIXELS, check_output

    record = records.find(earlier)
    check_output(output, force=force)
    # Sums are split among threads, so their number shows in the last bit.
    torch.set_num_threads(record.threads)
    elsewhere = {"content": content, "style": style, "weights": weights}
    plan = _plan(record, earlier, elsewhere, max_pixels or MAX_PIXELS)
    stop_after = len(record.losses) if record.interrupted else None
    code = paint(plan, output, quiet=quiet, force=force, stop_after=stop_after)
    if not quiet:
        print(_verdict(record, records.find(output)))
    return code


def _plan(record: Record, earlier: Path, elsewhere: dict[str, Path | None], max_pixels: int) -> Plan:
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
        files["content"], files["style"], spec, seed=record.seed, device=record.device, max_pixels=max_pixels
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


def _verdict(before: Record, after: Record) -> str:
    if before.image_sha256 == after.image_sha256:
        return "The picture is the same, bit for bit."
    changed = [
        f"{name} {before.versions.get(name)} is {now} here"
        for name, now in after.versions.items()
        if before.versions.get(name) != now
    ]
    because = "; ".join(changed) or "the machine must be another one"
    return f"The picture differs from the earlier one: {because}."
