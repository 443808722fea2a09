"""`barestyle transfer`: repaint one photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.checkpoint_option import checkpoint_for
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.execute import ExecuteOptions, execute, report
from barestyle.cli.input_files import check_exist
from barestyle.cli.mask_arguments import parse_keep
from barestyle.cli.option_groups import RunOptions, SpecOptions, expand_groups
from barestyle.cli.output_option import OutputFile, create_folders, default_output
from barestyle.cli.spec_builder import STARTS
from barestyle.cli.standard_streams import StandardInput
from barestyle.cli.style_arguments import parse_style_arguments
from barestyle.cli.trained_style import locate_start
from barestyle.cli.video_option import check_video_option, parse_video
from barestyle.errors import OutputError
from barestyle.run.progress import CHECKPOINT_EVERY

if TYPE_CHECKING:
    from barestyle.run.request import Request


@expand_groups
def transfer(
    *,
    content: Annotated[
        Path, typer.Argument(metavar="CONTENT", help="Image to repaint; - for standard input.", show_default=False)
    ],
    styles: Annotated[list[Path] | None, options.STYLE_IMAGES] = None,
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
    display: DisplayOptions,
) -> int:
    """Repaint CONTENT in the style of one or more STYLE images.

    Press Ctrl-C to stop early and save the best image so far.
    """
    arguments = parse_style_arguments(styles or [], weights, mask)
    start = None if start is None else locate_start(start)
    spec = spec_options.build(start=start)
    start_image = Path(start) if start is not None and start not in STARTS else None
    keep_mask = None if keep is None else parse_keep(keep)
    optional = (None if keep_mask is None else keep_mask.path, start_image)
    inputs = [content, *arguments.styles, *arguments.mask_files, *(path for path in optional if path is not None)]
    check_exist(path for path in inputs if path != start_image)  # a trained style has a message of its own
    target = default_output(output, (content, *arguments.styles))
    video_file = parse_video(video, target, (content, *arguments.styles))
    every = checkpoint_every or (CHECKPOINT_EVERY if checkpoint else None)
    execute_options = display.execute_options(
        force=force, save_every=save_every, video=None if video_file is None else video_file.path
    )
    standard_input = StandardInput(inputs)
    if target.is_standard:
        display.check_standard_output()
        check_needs_no_name(every=every, save_every=save_every)
    target.check(force=force, inputs=inputs)
    if video_file is not None:
        check_video_option(video_file, target.path, force=force, inputs=inputs)
    standard_input.read(max_pixels=run_options.max_pixels)
    request = run_options.request(
        standard_input.replace(content),
        [standard_input.replace(style) for style in arguments.styles],
        spec,
        weights=arguments.weights,
        masks=arguments.mask_sources and [standard_input.replace(mask) for mask in arguments.mask_sources],
        keep=keep_mask and standard_input.replace(keep_mask.to_source()),
        start=standard_input.replace(start_image),
    )
    files = [target] if video_file is None else [target, video_file]
    return run(request, files, execute_options, every, as_json=display.as_json)


def check_needs_no_name(*, every: int | None, save_every: int | None) -> None:
    """Raise OutputError if an option needs the name of a file, which standard output does not have."""
    for option, value in (("--checkpoint", every), ("--save-every", save_every)):
        if value is not None:
            raise OutputError(
                f"{option} writes files beside the output, which has no name with -o -; name a file with -o, or leave "
                f"{option} out"
            )


def run(
    request: Request,
    files: Sequence[OutputFile],
    execute_options: ExecuteOptions,
    every: int | None,
    *,
    as_json: bool = False,
) -> int:
    """Run a request, together with the processes that torchrun started; return the exit code.

    The first of `files` is the output; the folders of all are created. `every` is the number of iterations between two
    checkpoints, or None for none. If torchrun started the processes again because one of them had ended, they continue
    from the last checkpoint.
    """
    from barestyle.distributed import is_restarted, join_torchrun
    from barestyle.run.checkpoint import path_for
    from barestyle.run.plan import prepare
    from barestyle.run.split_checkpoint import agree_on_checkpoint

    output = files[0].path
    with join_torchrun() as group:
        plan = prepare(replace(request, group=group))
        with create_folders(files):
            path, resumed = path_for(output), None
            is_again = group.largest(is_restarted()) > 0
            # The first process decides for all: files can appear later on other machines.
            is_continued = group.broadcast_value(bool(every) and is_again and path.is_file())
            if is_continued:
                resumed = agree_on_checkpoint(path, group)
                if resumed.record.run_key != plan.run_key:
                    resumed = None  # of an earlier run, which --force replaces
            force = execute_options.force or is_continued
            config = checkpoint_for(output, every, force=force) if every else None
            outcome = execute(plan, output, replace(execute_options, checkpoint=config, resumed=resumed))
        if group.rank == 0:
            report(outcome, quiet=execute_options.quiet, as_json=as_json)
    return outcome.exit_code
