"""`barestyle video`: repaint a video, or a folder of frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.clip_options import Every, FirstTime, LastTime
from barestyle.cli.clip_output import parse_clip_output, parse_selection
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.option_groups import RunOptions, SpecOptions, expand_groups
from barestyle.cli.repaint_clip import ClipJob, repaint_clip
from barestyle.cli.style_arguments import parse_style_arguments

if TYPE_CHECKING:
    from torch import Tensor

    from barestyle.clips.frame import Clip
    from barestyle.images import Picture

DEFAULT_PRESET = "bare-fast"
"""`bare` takes four times as long for a frame, and a clip has hundreds."""

Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="Output video: .mp4, .m4v, .mov, .mkv or .webm; or a folder for frames, with a slash at its end "
        "(default: INPUT-STYLE.mp4, or a folder INPUT-STYLE if INPUT is one).",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class VideoSpecOptions(SpecOptions):
    """A preset and changes, with the preset that is quick enough for many frames as the default."""

    preset: options.PresetName = DEFAULT_PRESET


@expand_groups
def video(
    *,
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Video, or folder of numbered images.", show_default=False)
    ],
    styles: Annotated[list[Path], options.STYLE_IMAGES],
    output: Output = None,
    start: FirstTime = None,
    end: LastTime = None,
    every: Every = 1,
    spec_options: VideoSpecOptions,
    weights: options.Weights = None,
    run_options: RunOptions,
    force: options.Force = False,
    display: DisplayOptions,
) -> int:
    """Repaint a video in the style of one or more STYLE images.

    The first frame of each shot is painted like a picture; the others continue from the frame before. Sound is copied.
    Finished frames are kept in OUT.resume until the end, so the same command continues an interrupted one.
    """
    display.check_progress()
    arguments = parse_style_arguments(styles, weights, None)
    spec = spec_options.build()
    target = parse_clip_output(output, source, arguments.styles)
    selection = parse_selection(start, end, every)
    from barestyle.clips.open import check_frames, open_clip
    from barestyle.clips.search_painter import SearchPainter
    from barestyle.run.plan import prepare

    target.check(force=force, inputs=[source, *arguments.styles])
    clip = open_clip(source, selection)
    content = to_picture(check_frames(clip).load(), clip)
    plan = prepare(run_options.request(content, list(arguments.styles), spec, weights=arguments.weights))
    painter = SearchPainter(plan)
    # The plan's key has the spec, the seed and the digests of all images.
    settings: dict[str, object] = {"run": repr(plan.run_key)}
    job = ClipJob(source, clip, selection, painter, plan.size, settings, target)
    return repaint_clip(job, force=force, display=display)


def to_picture(frame: Tensor, clip: Clip) -> Picture:
    """Return a frame as the content of a run, under the clip's name."""
    from barestyle.images import Picture

    return Picture(pixels=frame, alpha=None, bits=8, name=repr(clip.name), sha256=clip.fingerprint)
