"""`barestyle transfer`: repaint one photo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.checkpoint_option import checkpoint_for
from barestyle.cli.execute import ExecuteOptions, execute, report
from barestyle.cli.mask_arguments import parse_keep
from barestyle.cli.option_groups import RunOptions, SpecOptions, expand_groups
from barestyle.cli.spec_builder import STARTS
from barestyle.cli.style_arguments import parse_style_arguments
from barestyle.cli.video_option import check_video_option
from barestyle.run.progress import CHECKPOINT_EVERY

if TYPE_CHECKING:
    from barestyle.run.request import Request


@expand_groups
def transfer(
    *,
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="Image to repaint.", show_default=False)],
    styles: Annotated[
        list[Path] | None,
        typer.Argument(metavar="STYLE", help="One or more images to take the style from.", show_default=False),
    ] = None,
    output: options.Output = None,
    spec_options: SpecOptions,
    weights: options.Weights = None,
    mask: options.Masks = None,
    keep: options.Keep = None,
    start: options.Start = None,
    run_options: RunOptions,
    save_every: options.SaveEvery = None,
    video: options.Video = None,
    checkpoint: options.Checkpoint = False,
    checkpoint_every: options.CheckpointEvery = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repaint CONTENT in the style of one or more STYLE images.

    Press Ctrl-C to stop early and save the best image so far.
    """
    arguments = parse_style_arguments(styles or [], weights, mask)
    spec = spec_options.build(start=start)
    output = output or Path("-".join(path.stem for path in (content, *arguments.styles)) + ".png")
    start_image = Path(start) if start is not None and start not in STARTS else None
    from barestyle.run.record import check_output

    keep_mask = None if keep is None else parse_keep(keep)
    optional = (None if keep_mask is None else keep_mask.path, start_image)
    inputs = [content, *arguments.styles, *arguments.mask_files, *(path for path in optional if path is not None)]
    check_output(output, force=force, inputs=inputs)
    if video is not None:
        check_video_option(video, output, force=force, inputs=inputs)
    request = run_options.request(
        content,
        arguments.styles,
        spec,
        weights=arguments.weights,
        masks=arguments.mask_sources,
        keep=None if keep_mask is None else keep_mask.to_source(),
        start=start_image,
    )
    every = checkpoint_every or (CHECKPOINT_EVERY if checkpoint else None)
    return run(request, output, ExecuteOptions(force=force, quiet=quiet, save_every=save_every, video=video), every)


def run(request: Request, output: Path, execute_options: ExecuteOptions, every: int | None) -> int:
    """Run a request, together with the processes that torchrun started; return the exit code.

    `every` is the number of iterations between two checkpoints, or None for none. If torchrun started the processes
    again because one of them had ended, they continue from the last checkpoint.
    """
    from barestyle.distributed import is_restarted, join_torchrun
    from barestyle.run.checkpoint import path_for
    from barestyle.run.plan import prepare
    from barestyle.run.split_checkpoint import agree_on_checkpoint

    with join_torchrun() as group:
        plan = prepare(replace(request, group=group))
        path, resumed = path_for(output), None
        # The first process decides for all: files can appear later on other machines.
        is_continued = group.broadcast_value(bool(every) and is_restarted() and path.is_file())
        if is_continued:
            resumed = agree_on_checkpoint(path, group)
            if resumed.record.run_key != plan.run_key:
                resumed = None  # of an earlier run, which --force replaces
        force = execute_options.force or is_continued
        config = checkpoint_for(output, every, force=force) if every else None
        outcome = execute(plan, output, replace(execute_options, checkpoint=config, resumed=resumed))
        if group.rank == 0:
            report(outcome, quiet=execute_options.quiet)
    return outcome.exit_code
