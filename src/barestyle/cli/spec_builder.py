"""The spec that the options of a command line describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from barestyle.errors import SpecError
from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.spec import CoarseToFine, PictureStart, Spec, StyleStart, with_settings
from barestyle.spec.overrides import parse_assignment
from barestyle.spec.start import STYLE_EXTENSION
from barestyle.spec.validation import alternatives

FILE_STARTS = (PictureStart().kind, StyleStart().kind)

STARTS = tuple(kind for kind in alternatives(Spec.model_fields["start"].annotation) if kind not in FILE_STARTS)
"""Values of --start that are not files."""


def build_spec(
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
    """Return the spec of a preset or of a JSON file, with the options that are not None applied.

    Raise SpecError if a field is set twice, or set to a value that it does not accept.
    """
    base = read_spec(Path(name)) if name.endswith(".json") else preset(name).spec
    overrides: dict[str, Any] = {}
    for text in settings or []:
        field, value = parse_assignment(text)
        if field in overrides:
            raise SpecError(f"--set {field} is given twice; give it once")
        overrides[field] = value
    for option, field, value in (
        ("--size", "size", size),
        ("--steps", "optimizer.steps", steps),
        ("--style-scale", "style_scale", style_scale),
        ("--start", "start", _start_kind(start)),
        ("--colors", "colors", colors),
        ("--trained", "network.trained_file", None if trained is None else str(trained)),
    ):
        if value is not None:
            _check_unset(overrides, field, option)
            overrides[field] = value
    if strength is not None:
        for field in ("content_loss", "content_loss.strength"):
            _check_unset(overrides, field, "--strength")
        overrides |= {"content_loss": "luminance", "content_loss.strength": strength}
    spec = with_settings(base, overrides)
    if steps is not None and isinstance(spec.scales, CoarseToFine) and "scales.finest_steps" not in overrides:
        spec = with_settings(spec, {"scales.finest_steps": steps})
    return spec


def _start_kind(start: str | None) -> str | None:
    if start is None or start in STARTS:
        return start
    return StyleStart().kind if start.lower().endswith(STYLE_EXTENSION) else PictureStart().kind


def _check_unset(overrides: dict[str, Any], field: str, option: str) -> None:
    if field in overrides:
        raise SpecError(f"{option} and --set {field} set the same field; give one of them")


def read_spec(path: Path) -> Spec:
    """Return the spec in a JSON file. Raise SpecError if the file cannot be read or holds no valid spec."""
    try:
        return Spec.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "the file is not text"
        raise SpecError(f"the spec {str(path)!r} cannot be read ({reason}); check the path") from None
