"""What the form offers: looks, colors, sizes and limits, as data for the page's script."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from barestyle.plots.data_uri import data_uri
from barestyle.presets import DEFAULT_PRESET
from barestyle.spec import Spec
from barestyle.spec.validation import alternatives
from barestyle.ui.errors import to_sentence
from barestyle.ui.form import INSTANT, LOADED, MAX_STYLES, MAX_VARIATIONS, MIN_SIZE
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS, has_strength
from barestyle.ui.regions import STYLE_COLORS
from barestyle.ui.saved_looks import MAX_NAME

COLOR_LABELS = {
    "style": "From the style",
    "matched": "Close to the photo",
    "luminance": "From the photo",
}
"""What the page calls the kinds of Spec.colors."""

SLIDER_SIZE = 2048
"""Largest size of the form's slider, in pixels; finished pictures can be painted again up to Limits.max_size."""

PRINT_SIZES = {
    1024: "1024 pixels",
    2048: "2048 pixels",
    2480: "A5 paper, 300 dpi (2480 pixels)",
    3508: "A4 paper, 300 dpi (3508 pixels)",
    4096: "4096 pixels",
    4961: "A3 paper, 300 dpi (4961 pixels)",
    7016: "A2 paper, 300 dpi (7016 pixels)",
}
"""Long sides in pixels to which a result can be enlarged."""


def describe_page(limits: Limits) -> dict[str, Any]:
    """Return what the page's script needs to build the form."""
    colors = alternatives(Spec.model_fields["colors"].annotation)
    return {
        "looks": [_describe_look(name) for name in LOOKS],
        "loaded": LOADED,
        "instant": _describe_instant(),
        "default_look": DEFAULT_PRESET,
        "colors": [{"value": kind, "title": COLOR_LABELS.get(kind, kind)} for kind in colors],
        "limits": {"max_upload": limits.max_upload},
        "min_size": min(MIN_SIZE, limits.max_size),
        "slider_size": min(SLIDER_SIZE, limits.max_size),
        "max_styles": MAX_STYLES,
        "max_variations": MAX_VARIATIONS,
        "max_look_name": MAX_NAME,
        "region_colors": list(STYLE_COLORS),
        "print_sizes": [
            {"pixels": pixels, "title": title} for pixels, title in PRINT_SIZES.items() if pixels <= limits.max_size
        ],
    }


INSTANT_DESCRIPTION = "A network that was trained for one style paints at once, while you change the settings"
"""What the page says of trained styles."""

INSTANT_DETAILS = (
    "Instant applies a trained style, as the command barestyle apply does. The strokes have the size in pixels of the "
    "training, so that they are relatively finer in larger pictures. Broad strokes may cross a face; the other looks "
    "keep more of it."
)


def _describe_instant() -> dict[str, str]:
    return {
        "name": INSTANT,
        "title": "Instant",
        "description": to_sentence(INSTANT_DESCRIPTION),
        "details": INSTANT_DETAILS,
        "image": _load_image(INSTANT),
    }


def _load_image(name: str) -> str:
    """Return the picture of a look as a data URI; empty if it has none."""
    image = files("barestyle.ui") / "looks" / f"{name}.jpg"
    return data_uri(image.read_bytes(), "jpeg") if image.is_file() else ""


def _describe_look(name: str) -> dict[str, Any]:
    look = LOOKS[name]
    details = look.details.replace("--strength", "the strength")
    return {
        "name": name,
        "title": look.title,
        "description": to_sentence(look.description),
        "details": f"{look.title} is the preset {name}: {look.summary} ({look.source}). {details}",
        "image": _load_image(name),
        "has_strength": has_strength(look.spec),
    }
