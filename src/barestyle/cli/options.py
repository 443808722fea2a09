"""Options that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from barestyle.cli.completion import (
    complete_colors,
    complete_device,
    complete_precision,
    complete_preset,
    complete_setting,
    complete_start,
)
from barestyle.limits import DEFAULT_LONGEST_SIDE
from barestyle.run.progress import CHECKPOINT_EVERY

STYLE_PANEL = "Styles, masks and colors"
RUN_PANEL = "Network and computation"
PROGRESS_PANEL = "Intermediate results"
INPUT_PANEL = "Inputs that have moved"

STYLE_IMAGES = typer.Argument(
    metavar="STYLE",
    help="One or more images to take the style from, or names of installed ones, such as swirls.",
    show_default=False,
)

TrainedStyle = Annotated[
    str,
    typer.Argument(
        metavar="STYLE",
        help="Trained style: a .style file, or the name of one that comes with barestyle.",
        show_default=False,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="Output image: .png, .jpg, .tif, .webp, .avif or .jxl; a folder; or - for standard output (default: "
        "CONTENT-STYLE.png).",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite existing output files.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")]
ProgressMode = Literal["auto", "bar", "plain", "json", "none"]
ProgressDisplay = Annotated[
    ProgressMode,
    typer.Option(
        "--progress",
        metavar="MODE",
        help="Progress on standard error: auto (a bar on a terminal, else plain), bar, plain, json or none.",
    ),
]

PresetName = Annotated[
    str,
    typer.Option(
        "--preset",
        "-p",
        metavar="PRESET",
        autocompletion=complete_preset,
        help="Preset name, as listed by `barestyle presets`, or JSON file of a spec.",
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        "--size",
        "-s",
        metavar="N",
        help=f"Longer side of the result in pixels (default: the content's, at most {DEFAULT_LONGEST_SIDE}).",
        show_default=False,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps", metavar="N", help="Optimizer steps at each scale (default: the preset's).", show_default=False
    ),
]
Strength = Annotated[
    float | None,
    typer.Option(
        "--strength",
        metavar="X",
        help="Strength of the style, from 0 (the content unchanged) to 1 (default: the preset's).",
        show_default=False,
    ),
]

Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="W,W...",
        help="Weight of each style, such as 2,1 (default: equal weights).",
        show_default=False,
        rich_help_panel=STYLE_PANEL,
    ),
]
StyleScale = Annotated[
    float | None,
    typer.Option(
        "--style-scale",
        metavar="X",
        help="Style image size relative to the result; larger means broader strokes (default: 1).",
        show_default=False,
        rich_help_panel=STYLE_PANEL,
    ),
]
Masks = Annotated[
    list[str] | None,
    typer.Option(
        "--mask",
        metavar="MASK:STYLE",
        help="Apply STYLE where the image MASK is white, or, as MAP:COLOR=STYLE,..., where the image MAP has a color "
        "such as #ff0000. Styles without a mask fill the rest. May be repeated.",
        show_default=False,
        rich_help_panel=STYLE_PANEL,
    ),
]
Keep = Annotated[
    str | None,
    typer.Option(
        "--keep",
        metavar="MASK",
        help="Keep the content unchanged where the image MASK is white, or, as MAP:COLOR,..., where the image MAP has "
        "a color.",
        show_default=False,
        rich_help_panel=STYLE_PANEL,
    ),
]
Colors = Annotated[
    str | None,
    typer.Option(
        "--colors",
        "--colours",
        metavar="C",
        autocompletion=complete_colors,
        help="Colors of the result: style, luminance (the content's colors), or matched (the style's colors mapped to "
        "the content's palette) (default: the preset's).",
        show_default=False,
        rich_help_panel=STYLE_PANEL,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="S",
        autocompletion=complete_start,
        help="Start from content, noise, an image file such as an earlier result, or the content as a trained style "
        "(a .style file, or the name of an installed one) paints it (default: the preset's).",
        show_default=False,
        rich_help_panel=STYLE_PANEL,
    ),
]

Seed = Annotated[
    int,
    typer.Option("--seed", metavar="N", help="Seed of the network's random weights.", rich_help_panel=RUN_PANEL),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        autocompletion=complete_setting,
        help="Set a field of the spec, such as network.weights.magnitude=0.05; `barestyle presets NAME` lists the "
        "fields. May be repeated.",
        show_default=False,
        rich_help_panel=RUN_PANEL,
    ),
]
Trained = Annotated[
    Path | None,
    typer.Option(
        "--trained",
        metavar="FILE",
        help="Trained VGG-19 weights, for presets and metrics that need them (default: $BARESTYLE_VGG19, or what "
        "`barestyle weights fetch` downloaded).",
        show_default=False,
        rich_help_panel=RUN_PANEL,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="D",
        help="auto, cpu, cuda or mps.",
        autocompletion=complete_device,
        rich_help_panel=RUN_PANEL,
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="P",
        autocompletion=complete_precision,
        help="auto, float32, bf16, or mixed (bf16 first, then float32).",
        rich_help_panel=RUN_PANEL,
    ),
]
Memory = Annotated[
    str,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Memory limit, such as 4GiB; images that need more are processed in tiles.",
        rich_help_panel=RUN_PANEL,
    ),
]
MaxPixels = Annotated[
    int, typer.Option("--max-pixels", metavar="N", min=1, help="Refuse images with more pixels than this.")
]

SaveEvery = Annotated[
    int | None,
    typer.Option(
        "--save-every",
        metavar="N",
        min=1,
        help="Also save the image after every N steps.",
        show_default=False,
        rich_help_panel=PROGRESS_PANEL,
    ),
]
Video = Annotated[
    str | None,
    typer.Option(
        "--video",
        metavar="FILE",
        help="Save a video of the run: .mp4, .gif, or a folder.",
        show_default=False,
        rich_help_panel=PROGRESS_PANEL,
    ),
]
Checkpoint = Annotated[
    bool,
    typer.Option(
        "--checkpoint",
        help="Save checkpoints beside the output, so that `barestyle resume` can continue the run.",
        rich_help_panel=PROGRESS_PANEL,
    ),
]
CheckpointEvery = Annotated[
    int | None,
    typer.Option(
        "--checkpoint-every",
        metavar="N",
        min=1,
        help=f"Save a checkpoint after every N steps (default: {CHECKPOINT_EVERY}); implies --checkpoint.",
        show_default=False,
        rich_help_panel=PROGRESS_PANEL,
    ),
]

MovedContent = Annotated[
    Path | None,
    typer.Option(
        "--content", metavar="FILE", help="New path of the content.", show_default=False, rich_help_panel=INPUT_PANEL
    ),
]
MovedStyles = Annotated[
    list[Path] | None,
    typer.Option(
        "--style",
        metavar="FILE",
        help="New path of the style; repeat for several styles, in order.",
        show_default=False,
        rich_help_panel=INPUT_PANEL,
    ),
]
MovedMasks = Annotated[
    list[Path] | None,
    typer.Option(
        "--mask",
        metavar="FILE",
        help="New path of the style's mask; repeat for several masks, in order.",
        show_default=False,
        rich_help_panel=INPUT_PANEL,
    ),
]
MovedKeep = Annotated[
    Path | None,
    typer.Option(
        "--keep",
        metavar="FILE",
        help="New path of the mask of --keep.",
        show_default=False,
        rich_help_panel=INPUT_PANEL,
    ),
]
MovedStart = Annotated[
    Path | None,
    typer.Option(
        "--start",
        metavar="FILE",
        help="New path of the file of --start.",
        show_default=False,
        rich_help_panel=INPUT_PANEL,
    ),
]
MovedTrained = Annotated[
    Path | None,
    typer.Option(
        "--trained",
        metavar="FILE",
        help="New path of the trained VGG-19 weights.",
        show_default=False,
        rich_help_panel=INPUT_PANEL,
    ),
]
