"""`barestyle transfer`: paint a picture."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli import video_option as filming
from barestyle.cli.style_arguments import typed
from barestyle.errors import OutputError
from barestyle.presets import DEFAULT_PRESET
from barestyle.spec import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.run.checkpoint import Checkpoint, CheckpointConfig
    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress
    from barestyle.run.result import Result


def transfer(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="The picture to repaint.", show_default=False)],
    styles: Annotated[
        list[Path] | None,
        typer.Argument(metavar="STYLE...", help="The picture, or pictures, whose style to take.", show_default=False),
    ] = None,
    output: options.Output = None,
    preset: options.PresetName = DEFAULT_PRESET,
    size: options.Size = None,
    steps: options.Steps = None,
    strength: options.Strength = None,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weights", metavar="W...", help="One number for each of several styles.", show_default=False),
    ] = None,
    style_scale: options.StyleScale = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            "--mask",
            metavar="MASK:STYLE...",
            help="Where a style is asked for: white, or gray for partly. Styles without a mask take what is left.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="MASK", help="What stays as it is: white, or gray.", show_default=False),
    ] = None,
    colors: options.Colors = None,
    start: options.Start = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    memory: options.Memory = "auto",
    settings: options.Settings = None,
    trained: options.Trained = None,
    save_every: options.SaveEvery = None,
    film: options.VideoWriter = None,
    checkpoint: options.Checkpoint = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repaint CONTENT in the style of STYLE, or of several.

    Without -o the result lies in the current folder, named after the pictures.

    Ctrl-C keeps the best picture so far.
    """
    said = typed(styles or [], weights, mask, trained)
    spec = options.assembled(
        preset,
        size=size,
        steps=steps,
        strength=strength,
        style_scale=style_scale,
        start=start,
        colors=colors,
        trained=said.trained,
        settings=settings,
    )
    output = output or Path("-".join(path.stem for path in (content, *said.styles)) + ".png")
    begin = Path(start) if start is not None and start not in options.STARTS else None
    from barestyle.run.plan import prepare
    from barestyle.run.record import check_output
    from barestyle.run.request import Request

    inputs = [path for path in (content, *said.styles, *(said.masks or ()), keep, begin) if path is not None]
    check_output(output, force=force, inputs=inputs)
    if film is not None:
        filming.check(film, output, force=force, inputs=inputs, save_every=save_every)
    plan = prepare(
        Request(
            content,
            said.styles,
            spec,
            weights=said.weights,
            masks=said.masks,
            keep=keep,
            start=begin,
            seed=seed,
            device=device,
            precision=precision,
            memory=memory,
            max_pixels=max_pixels,
        )
    )
    checkpoint_config = checkpointed(output, checkpoint, force=force) if checkpoint else None
    return paint(
        plan, output, quiet=quiet, save_every=save_every, film=film, force=force, checkpoint_config=checkpoint_config
    )


def checkpointed(output: Path, every: int, *, force: bool) -> CheckpointConfig:
    """Where a run keeps its checkpoint. Raises OutputError where one of an earlier run lies there."""
    from barestyle.atomic_files import check_writable
    from barestyle.run.checkpoint import CheckpointConfig, path_for

    path = path_for(output)
    if path.is_dir():
        raise OutputError(f"{str(path)!r}, where the checkpoint goes, is a folder; choose another name")
    if path.exists() and not force:
        raise OutputError(
            f"{str(path)!r} exists, of a run that did not end; go on with it by `barestyle resume {output}`, "
            "or begin anew with --force"
        )
    check_writable(path)
    return CheckpointConfig(path, every)


def paint(
    plan: Plan,
    output: Path,
    *,
    quiet: bool = False,
    save_every: int | None = None,
    film: Path | None = None,
    force: bool = False,
    stop_after: tuple[int, int] | None = None,
    checkpoint_config: CheckpointConfig | None = None,
    resumed: Checkpoint | None = None,
    overwrite: bool | None = None,
    was_stopped: Callable[[], None] | None = None,
) -> int:
    """Run a plan under a progress display and save its result; returns the exit code.

    With a `keeper` the run leaves checkpoints until its end, and goes on from `resumed`. `stop_after` ends the run
    after that many restarts and iterates, as an earlier one ended that was interrupted. `overwrite` is for the output
    alone, where it differs from `force`. `was_stopped` is called where Ctrl-C came, even if after the last step.
    """
    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.progress_bar import display
    from barestyle.cli.snapshots import Snapshots
    from barestyle.images import check_format
    from barestyle.run.runner import run

    check_format(output, *plan.size)
    snapshots = Snapshots(output, save_every, plan, force=force) if save_every else None
    seen = restarts = 0

    with (
        Interrupt() as interrupt,
        display(plan, quiet=quiet) as show,
        filming.filmed(film, plan, force=force) as frames,
    ):

        def on_progress(progress: Progress) -> None:
            nonlocal seen, restarts
            seen = 1 if progress.restarts > restarts else seen + 1
            restarts = progress.restarts
            show(progress)
            for take in (snapshots, frames):
                if take is not None:
                    take(progress)

        result = run(
            plan,
            on_progress=on_progress,
            should_stop=lambda: interrupt.requested or (restarts, seen) == stop_after,
            checkpoint_config=checkpoint_config,
            resumed=resumed,
        )
        saved(result, output, overwrite=force if overwrite is None else overwrite)
        if frames is not None:
            frames.end(result.image)
        if checkpoint_config is not None and not result.interrupted:
            checkpoint_config.path.unlink(missing_ok=True)
    if not quiet:
        report(result, output)
        if checkpoint_config is not None and result.interrupted:
            print(f"`barestyle resume {output}` goes on from here.")
    if interrupt.requested and was_stopped is not None:
        was_stopped()
    # Ctrl-C that came after the last step stopped nothing; and a repetition stops where the first run was stopped.
    return options.INTERRUPTED if interrupt.requested and result.interrupted else 0


def saved(result: Result, output: Path, *, overwrite: bool) -> None:
    """Save a result; where that is not possible any more, in the folder for temporary files rather than nowhere."""
    try:
        result.save(output, overwrite=overwrite)
    except OutputError as error:
        folder = Path(tempfile.mkdtemp(prefix="barestyle-"))
        try:
            rescued = result.save(folder / output.name)
        except OutputError:
            folder.rmdir()
            raise error from None
        raise OutputError(f"{error}; the picture lies in {str(rescued)!r} instead") from None


def report(result: Result, output: Path) -> None:
    """Say where the picture lies and how it came about."""
    size = f"{result.image.shape[-1]} x {result.image.shape[-2]}"
    restarts = f", {result.restarts} restarts" if result.restarts else ""
    print(f"{output}  {size} pixels, {result.evaluations} evaluations in {result.seconds:.1f} s{restarts}")
    print(f"It ended because {result.reason}.")
