"""`barestyle train`: train a network that paints in a style at once."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.atomic_files import write_atomically
from barestyle.cli import options
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.exit_codes import INTERRUPTED
from barestyle.cli.json_output import print_json
from barestyle.cli.option_groups import expand_groups
from barestyle.cli.style_images import locate_style_image
from barestyle.cli.trained_style import locate_style
from barestyle.cli.training_progress import show_training
from barestyle.errors import OutputError, SpecError
from barestyle.spec.training import BATCH, CROP, STEPS

if TYPE_CHECKING:
    from barestyle.feed_forward.training_request import PreparedTraining, TrainingRequest

CHECKPOINT_SECONDS = 30
"""Between two checkpoints: what kill -9 can lose."""

RANDOM = "random"
"""What --from takes for random weights."""

TRAINING_PANEL = "Training"


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; the fields are those of a TrainingRequest without its styles."""

    photos: Annotated[
        Path | None,
        typer.Option(
            "--photos",
            metavar="FOLDER",
            help="Folder of photographs to train on; 20 or more are best (default: the sample photographs).",
            show_default=False,
            rich_help_panel=TRAINING_PANEL,
        ),
    ] = None
    initial: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="STYLE",
            help="Trained style to start from: a .style file, the name of one that comes with barestyle, or random "
            "(default: swirls).",
            show_default=False,
            rich_help_panel=TRAINING_PANEL,
        ),
    ] = None
    style_scale: Annotated[
        float,
        typer.Option(
            "--style-scale",
            metavar="X",
            help="Style image size relative to a photograph of 512 pixels; larger means broader strokes.",
            rich_help_panel=TRAINING_PANEL,
        ),
    ] = 1.0
    steps: Annotated[
        int,
        typer.Option(
            "--steps",
            metavar="N",
            min=1,
            help="Most steps; fewer if the loss on a photograph that is held out stops falling.",
            rich_help_panel=TRAINING_PANEL,
        ),
    ] = STEPS
    crop: Annotated[
        int,
        typer.Option(
            "--crop", metavar="N", help="Side of the squares of photographs in a step.", rich_help_panel=TRAINING_PANEL
        ),
    ] = CROP
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", help="Squares in a step.", rich_help_panel=TRAINING_PANEL)
    ] = BATCH
    stability: Annotated[
        bool,
        typer.Option(
            "--video",
            help="Train also for steady videos: small movements and noise change little. Takes twice as long.",
            rich_help_panel=TRAINING_PANEL,
        ),
    ] = False
    seed: options.Seed = 0
    device: options.Device = "auto"
    precision: Annotated[
        str,
        typer.Option(
            "--precision",
            metavar="P",
            help="auto, float32, or bf16, which is faster on new processors.",
            rich_help_panel=options.RUN_PANEL,
        ),
    ] = "auto"


@expand_groups
def train(
    *,
    styles: Annotated[
        list[Path],
        typer.Argument(
            metavar="STYLE",
            help="Images to take the styles from, or names of installed ones; the network learns all of them.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="File of the trained style, OUT.style.", show_default=False),
    ],
    training_options: TrainingOptions,
    preview: Annotated[
        Path | None,
        typer.Option(
            "--preview",
            metavar="FILE",
            help="Save a photograph as it is painted so far, again and again, as this image.",
            show_default=False,
            rich_help_panel=options.PROGRESS_PANEL,
        ),
    ] = None,
    force: options.Force = False,
    display: DisplayOptions,
) -> int:
    """Train a small network that paints photographs in a style at once; `barestyle apply` uses it.

    A checkpoint is saved on the way. After Ctrl-C or a crash, `barestyle resume OUT.style` continues.
    """
    from barestyle.feed_forward.training_request import TrainingRequest, prepare_training

    styles = [locate_style_image(style) for style in styles]
    check_files(output, preview, styles, training_options.photos, force=force)
    values = {**asdict(training_options), "initial": find_initial(training_options.initial)}
    request = TrainingRequest(styles=tuple(styles), **values)
    if not (display.quiet or display.progress in ("none", "json")):
        print("Preparing photographs and styles.", file=sys.stderr, flush=True)
    return run_training(request, prepare_training(request), output, preview, display)


def find_initial(name: str | None) -> Path | None:
    """Return the file that --from names, or None for random weights. Raises StyleFileError."""
    from barestyle.feed_forward.training_request import default_initial

    if name is None:
        return default_initial()
    return None if name == RANDOM else locate_style(name)


def check_files(output: Path, preview: Path | None, styles: list[Path], photos: Path | None, *, force: bool) -> None:
    """Raise OutputError, before any work, if the style or the preview cannot be written."""
    from barestyle.feed_forward import EXTENSION
    from barestyle.feed_forward.training_checkpoint import path_for
    from barestyle.images import check_output
    from barestyle.images.output import check_distinct

    check_output(output, force=force, extensions=(EXTENSION,), what="style")
    photographs = photos.iterdir() if photos is not None and photos.is_dir() else ()
    check_distinct([path for path in (output, preview) if path is not None], [*styles, *photographs])
    if preview is not None:
        check_output(preview, force=force)
    if path_for(output).exists() and not force:
        raise OutputError(
            f"{str(path_for(output))!r} is the checkpoint of a training that did not finish; continue it with "
            f"`barestyle resume {output}`, or train anew with --force"
        )


def run_training(
    request: TrainingRequest, prepared: PreparedTraining, output: Path, preview: Path | None, display: DisplayOptions
) -> int:
    """Train under a progress display, save the style, and return the exit code.

    The first Ctrl-C saves the checkpoint and the style as it is.
    """
    from barestyle.cli.interrupt import Interrupt
    from barestyle.feed_forward import training_checkpoint
    from barestyle.hardware.kernels import use_repeatable_kernels
    from barestyle.images.write import encode

    if display.quiet and display.progress not in ("auto", "none"):
        raise SpecError(f"--quiet shows no progress, but --progress is {display.progress}; leave one of them out")
    checkpoint, training = training_checkpoint.path_for(output), prepared.training
    mode = "none" if display.quiet else display.progress
    saved = time.monotonic()
    with (
        Interrupt("the style so far and a checkpoint will be saved", silent=display.quiet) as interrupt,
        show_training(training, mode=mode) as show,
        use_repeatable_kernels(training.device, allow_tf32=True),
    ):
        for progress in training:
            show(progress)
            is_due = time.monotonic() - saved > CHECKPOINT_SECONDS
            if interrupt.requested or (is_due and progress.step < progress.steps):
                training_checkpoint.save(checkpoint, request, prepared)
                if preview is not None:
                    write_atomically(preview, encode(progress.paint(0), None, preview.suffix))
                saved = time.monotonic()
            if interrupt.requested:
                break
    if preview is not None:
        write_atomically(preview, encode(training.paint_held_out(0), None, preview.suffix))
    is_finished = training.step >= training.steps
    prepared.result().save(output)
    if is_finished:
        checkpoint.unlink(missing_ok=True)
    report(output, prepared, display, checkpoint=None if is_finished else checkpoint)
    return 0 if is_finished else INTERRUPTED


def report(output: Path, prepared: PreparedTraining, display: DisplayOptions, *, checkpoint: Path | None) -> None:
    """Print where the style is, and how to use it or to continue."""
    training = prepared.training
    if display.as_json:
        print_json(
            {
                "output": str(output),
                "styles": list(prepared.names),
                "steps": training.step,
                "seconds": training.seconds,
                "held_out_losses": training.evaluations,
                "interrupted": checkpoint is not None,
                "checkpoint": None if checkpoint is None else str(checkpoint),
            }
        )
    elif not display.quiet:
        size = output.stat().st_size
        print(f"{output}  {', '.join(prepared.names)}, {training.step} steps, {size / 1e6:.2f} MB")
        if checkpoint is not None:
            print(f"To continue, run `barestyle resume {output}`.")
        else:
            print(f"To paint a photograph, run `barestyle apply {output} PHOTO -o OUT.png`.")


def resume_training(output: Path, display: DisplayOptions) -> int:
    """Continue the training of a style from its checkpoint, and return the exit code."""
    from barestyle.feed_forward import training_checkpoint

    request, prepared = training_checkpoint.resume(training_checkpoint.path_for(output))
    return run_training(request, prepared, output, None, display)
