"""The controls of the form: one for each of the settings beside the look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from barestyle.presets import PRESETS
from barestyle.spec import Spec
from barestyle.spec.validation import alternatives
from barestyle.ui.form_values import Settings, get_default_size, get_default_strength, parse_seed
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS, has_strength

MIN_SIZE = 64
"""Least long side in pixels; below, most networks have too few pixels."""

COLOR_LABELS = {
    "style": "From the style",
    "matched": "Close to the photo",
    "luminance": "From the photo",
}
"""What the page calls the kinds of Spec.colors."""

STRENGTH_HINT = "From the photo (0) to all style (1)"
NO_STRENGTH_HINT = "Strength isn't adjustable for this look"
NO_STRENGTHS_HINT = "Strength isn't adjustable for these looks"


@dataclass(frozen=True)
class Control:
    """A control of the form.

    Attributes:
        name: of the field in Settings.
        create: returns the component.
        parse: converts the component's value to the field's; may raise SpecError.
        format: converts settings to the component's value.
        is_advanced: whether it is hidden under "More options".
    """

    name: str
    create: Callable[[Limits], Component]
    parse: Callable[[Any], Any]
    format: Callable[[Settings, Limits], Any]
    is_advanced: bool = False


def _create_strength_slider(_limits: Limits) -> Component:
    return gr.Slider(
        0, 1, get_default_strength(), step=0.05, label="Strength", info=STRENGTH_HINT, elem_id="strength", buttons=[]
    )


def _create_size_slider(limits: Limits) -> Component:
    return gr.Slider(
        min(MIN_SIZE, limits.max_size),
        limits.max_size,
        get_default_size(limits),
        step=1,
        precision=0,
        label="Size",
        info="Long side in pixels",
        elem_id="size",
        buttons=[],
    )


def _create_color_choice(_limits: Limits) -> Component:
    kinds = alternatives(Spec.model_fields["colors"].annotation)
    return gr.Radio(
        [(COLOR_LABELS.get(kind, kind), kind) for kind in kinds],
        value=Spec().colors.kind,
        label="Colors",
        elem_id="colors",
    )


def _create_seed_field(_limits: Limits) -> Component:
    return gr.Textbox(
        str(Settings().seed),
        label="Seed",
        info="Change this number for a variation; keep it to repeat a result",
        max_lines=1,
        elem_id="seed",
    )


STRENGTH = Control(
    "strength",
    _create_strength_slider,
    float,
    lambda settings, _: _default_to(get_default_strength(), settings.strength),
)
SIZE = Control(
    "size",
    _create_size_slider,
    int,
    lambda settings, limits: min(_default_to(limits.max_size, settings.size), limits.max_size),
)
COLORS = Control(
    "colors", _create_color_choice, str, lambda settings, _: _default_to(Spec().colors.kind, settings.colors)
)
SEED = Control("seed", _create_seed_field, parse_seed, lambda settings, _: str(settings.seed), is_advanced=True)

CONTROLS = (STRENGTH, COLORS, SIZE, SEED)
"""In the order in which the page's functions receive their values, advanced ones last."""


def parse_settings(base: str | Spec, values: Sequence[Any]) -> Settings:
    """Return the settings for a base and the values of CONTROLS. Raise SpecError."""
    fields = {control.name: control.parse(value) for control, value in zip(CONTROLS, values, strict=True)}
    return Settings(base=base, **fields)


def _default_to(default: Any, value: Any) -> Any:
    return default if value is None else value


def make_strength_hint(names: Sequence[str]) -> tuple[str, bool]:
    """Return the hint of the strength control for these presets, and whether any of them has a strength."""
    adjustable = [name for name in names if has_strength(PRESETS[name].spec)]
    if names and not adjustable:
        return NO_STRENGTHS_HINT, False
    if len(adjustable) == len(names):
        return STRENGTH_HINT, True
    return f"{STRENGTH_HINT}; applies to {' and '.join(LOOKS[name].title for name in adjustable)} only", True
