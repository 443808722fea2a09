"""Options that several commands share, and the spec that they add up to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from barestyle.errors import SpecError
from barestyle.presets import DEFAULT_PRESET, PRESETS, preset
from barestyle.run.progress import CHECKPOINT_EVERY
from barestyle.spec import DEFAULT_LONGEST_SIDE, CoarseToFine, PictureStart, Spec, with_settings
from barestyle.spec.overrides import parse_assignment
from barestyle.spec.validation import alternatives

PresetName = Annotated[
    str,
    typer.Option(
        "--preset", "-p", metavar="P", help=f"One of {', '.join(PRESETS)}, or a spec's JSON file.", show_default=True
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        "--size",
        "-s",
        metavar="N",
        help=f"Long side of the result in pixels (default: the photo's own, at most {DEFAULT_LONGEST_SIDE}).",
        show_default=False,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        help="Steps of the optimizer, at each scale (default: the preset's).",
        show_default=False,
    ),
]
Strength = Annotated[
    float | None,
    typer.Option(
        "--strength",
        metavar="X",
        help="From 0, the photo, to 1, all style (default: the preset's).",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of the network's random weights.")]
Device = Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda or mps.")]
Precision = Annotated[
    str,
    typer.Option("--precision", metavar="P", help="float32, bf16, mixed (bf16, then float32), or auto."),
]
Memory = Annotated[
    str, typer.Option("--memory", metavar="SIZE", help="At most this much, like 4GiB; larger pictures go in tiles.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="K=V",
        help="Any field of the spec, like network.weights.magnitude=0.05; `barestyle presets NAME` lists them.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite the output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT", help="PNG, JPEG, TIFF or WebP, by extension.", show_default=False),
]
StyleScale = Annotated[
    float | None,
    typer.Option(
        "--style-scale",
        metavar="X",
        help="Size of the style beside the result's: of its strokes (default: 1, as large).",
        show_default=False,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="S",
        help="Where the search begins: content, noise, or a picture such as an earlier result.",
        show_default=False,
    ),
]
Colors = Annotated[
    str | None,
    typer.Option(
        "--colors",
        "--colours",
        metavar="C",
        help="Whose colors: style, luminance (the content's; only lightness is painted), or matched (nearly so).",
        show_default=False,
    ),
]
Trained = Annotated[
    Path | None,
    typer.Option("--trained", metavar="FILE", help="Trained VGG-19, for presets that need it.", show_default=False),
]
SaveEvery = Annotated[
    int | None,
    typer.Option("--save-every", metavar="N", min=1, help="Also keep every N-th step's picture.", show_default=False),
]
VideoWriter = Annotated[
    Path | None,
    typer.Option(
        "--film", metavar="FILE", help="The way to the picture as a film: MP4, GIF or WebP.", show_default=False
    ),
]
Checkpoint = Annotated[
    int | None,
    typer.Option(
        "--checkpoint",
        metavar="[N]",
        min=1,
        help=f"Every N ({CHECKPOINT_EVERY}) steps, keep beside the output what `barestyle resume` needs to go on.",
        show_default=False,
    ),
]
ContentElsewhere = Annotated[
    Path | None, typer.Option("--content", help="The content, if it lies elsewhere now.", show_default=False)
]
StylesElsewhere = Annotated[
    list[Path] | None,
    typer.Option(
        "--style", help="The style, if it lies elsewhere now; of several, each in its order.", show_default=False
    ),
]
MasksElsewhere = Annotated[
    list[Path] | None,
    typer.Option("--mask", help="The styles' masks, if they lie elsewhere now, in their order.", show_default=False),
]
KeepElsewhere = Annotated[
    Path | None, typer.Option("--keep", help="The mask of what is kept, if it lies elsewhere now.", show_default=False)
]
StartElsewhere = Annotated[
    Path | None,
    typer.Option("--start", help="The picture it began with, if it lies elsewhere now.", show_default=False),
]
TrainedElsewhere = Annotated[
    Path | None,
    typer.Option("--trained", "--weights", help="The trained weights, if they lie elsewhere now.", show_default=False),
]
MaxPixels = Annotated[int, typer.Option("--max-pixels", metavar="N", min=1, help="Refuse larger pictures.")]
STARTS = tuple(kind for kind in alternatives(Spec.model_fields["start"].annotation) if kind != PictureStart().kind)
"""What --start takes beside a picture."""

INTERRUPTED = 130
"""Exit code of Ctrl-C, as shells have it: 128 + SIGINT."""


def assembled(
    name: str = DEFAULT_PRESET,
    *,
    size: int | None = None,
    steps: int | None = None,
    strength: float | None = None,
    style_scale: float | None = None,
    start: str | None = None,
    colors: str | None = None,
    trained: Path | None = None,
    settings: list[str] | None = None,
) -> Spec:
    """The spec of a preset (or of a JSON file) with everything that was said on top. Raises SpecError."""
    base = _from_file(Path(name)) if name.endswith(".json") else preset(name).spec
    said: dict[str, Any] = {}
    for text in settings or []:
        field, value = parse_assignment(text)
        if field in said:
            raise SpecError(f"--set {field} is given twice; keep one of them")
        said[field] = value
    for option, field, value in (
        ("--size", "size", size),
        ("--steps", "optimizer.steps", steps),
        ("--style-scale", "style_scale", style_scale),
        ("--start", "start", None if start is None else start if start in STARTS else PictureStart().kind),
        ("--colors", "colors", colors),
        ("--trained", "network.trained_file", None if trained is None else str(trained)),
    ):
        if value is None:
            continue
        if field in said:
            raise SpecError(f"{option} and --set {field} are both given; keep one of them")
        said[field] = value
    if strength is not None:
        for field in ("content_loss", "content_loss.strength"):
            if field in said:
                raise SpecError(f"--strength and --set {field} are both given; keep one of them")
        said |= {"content_loss": "luminance", "content_loss.strength": strength}
    spec = with_settings(base, said)
    if steps is not None and isinstance(spec.scales, CoarseToFine) and "scales.finest_steps" not in said:
        spec = with_settings(spec, {"scales.finest_steps": steps})
    return spec


def _from_file(path: Path) -> Spec:
    try:
        return Spec.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SpecError(f"the spec {str(path)!r} cannot be read ({reason}); check the path") from None
