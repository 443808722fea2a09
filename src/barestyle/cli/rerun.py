"""`barestyle rerun`: repeat a run from its record."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.completion import complete_device
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.execute import execute, report
from barestyle.cli.exit_codes import INCOMPLETE
from barestyle.cli.messages import print_error
from barestyle.cli.option_groups import MovedOptions, expand_groups
from barestyle.cli.output_option import create_folders, parse_output
from barestyle.limits import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.run.record import Record


@expand_groups
def rerun(
    *,
    earlier: Annotated[
        Path, typer.Argument(metavar="OUT", help="Image made by barestyle, or its .json record.", show_default=False)
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="AGAIN",
            help="Output image of the repeated run; a folder; or - for standard output.",
            show_default=False,
        ),
    ],
    moved_options: MovedOptions,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="D",
            help="auto, cpu, cuda or mps (default: the recorded device).",
            autocompletion=complete_device,
            show_default=False,
        ),
    ] = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    display: DisplayOptions,
) -> int:
    """Repeat a run from its record and compare the images.

    On the same machine the images are identical, bit for bit.

    If they differ, the exit code is 1 and a message explains the difference.
    """
    from barestyle.hardware.threads import use_threads
    from barestyle.run import record as records
    from barestyle.run.rerun import plan_rerun

    target = parse_output(output, earlier.name.removesuffix(".json"))
    execute_options = display.execute_options(force=force)
    if target.is_standard:
        display.check_standard_output()
    record = records.find(earlier)
    with use_threads(record.threads):
        plan = plan_rerun(record, earlier, moved_options.relocate(), device=device, max_pixels=max_pixels)
        target.check(force=force, inputs=[earlier, *plan.files])
        stop_after = (record.restarts, len(record.losses)) if record.interrupted else None
        with create_folders([target]):
            outcome = execute(plan, target.path, replace(execute_options, stop_after=stop_after))
    difference = explain_difference(record, outcome.result.record)
    report(outcome, quiet=display.quiet, as_json=display.as_json, extra={"identical": difference is None})
    if difference is not None:
        print_error(f"the image differs from the earlier one: {difference}")
        return outcome.exit_code or INCOMPLETE
    if not display.quiet and not display.as_json:
        file = sys.stderr if target.is_standard else sys.stdout
        print("The image is identical to the earlier one, bit for bit.", file=file)
    return outcome.exit_code


def explain_difference(earlier: Record, repeated: Record) -> str | None:
    """Return why two runs of the same record gave different images, or None if the images are the same."""
    if earlier.image_sha256 == repeated.image_sha256:
        return None
    changes = [
        f"{name} was {earlier.versions.get(name)} and is now {version}"
        for name, version in repeated.versions.items()
        if earlier.versions.get(name) != version
    ]
    if earlier.digest != earlier.spec.digest:
        changes.append("the spec in the record was edited")
    if earlier.device != repeated.device:
        changes.append(f"the device was {earlier.device} and is now {repeated.device}")
    if earlier.processes != repeated.processes:
        changes.append(f"it was computed by {earlier.processes} processes, which round differently from one")
    return "; ".join(changes) or "it was probably made on another machine"
