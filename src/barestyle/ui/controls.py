"""The controls: one entry for each setting that a visitor can make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from barestyle.presets import PRESETS
from barestyle.spec import Spec
from barestyle.spec.validation import members
from barestyle.ui import choices
from barestyle.ui import form_values as settings
from barestyle.ui.form_values import Settings
from barestyle.ui.limits import Limits

SMALLEST = 64
"""Pixels of the smallest long side that can be set: below, most networks have nothing left to look at."""

COLORS = {
    "style": "The style's",
    "matched": "Near the photograph's",
    "luminance": "The photograph's",
}
"""Whose colors a picture may have, in words."""

STRENGTH_SAYS = "From the photograph (0) to all style (1)"
NO_STRENGTH_SAYS = "This manner has but one strength"


@dataclass(frozen=True)
class Control:
    """A setting on the page.

    Attributes:
        name: its field in Settings.
        make: its component.
        taken: the component's value as the field's; it may raise SpecError.
        shown: the field as the component's value.
        is_rare: whether it lies where only those find it who look for more.
    """

    name: str
    make: Callable[[Limits], Component]
    taken: Callable[[Any], Any]
    shown: Callable[[Settings, Limits], Any]
    is_rare: bool = False


def _strength(_limits: Limits) -> Component:
    return gr.Slider(
        0,
        1,
        settings.default_strength(),
        step=0.05,
        label="Strength",
        info=STRENGTH_SAYS,
        elem_id="strength",
        buttons=[],
    )


def _size(limits: Limits) -> Component:
    return gr.Slider(
        min(SMALLEST, limits.max_size),
        limits.max_size,
        settings.usual_size(limits),
        step=1,
        precision=0,
        label="Size",
        info="Pixels on the long side",
        elem_id="size",
        buttons=[],
    )


def _colors(_limits: Limits) -> Component:
    kinds = members(Spec.model_fields["colors"].annotation)
    return gr.Radio(
        [(COLORS.get(kind, kind), kind) for kind in kinds],
        value=Spec().colors.kind,
        label="Colors",
        elem_id="colors",
    )


def _seed(_limits: Limits) -> Component:
    return gr.Textbox(
        str(Settings().seed),
        label="Seed",
        info="Another number paints another picture; the same one paints the same",
        max_lines=1,
        elem_id="seed",
    )


STRENGTH = Control("strength", _strength, float, lambda set_, _: _or(set_.strength, settings.default_strength()))
SIZE = Control("size", _size, int, lambda set_, limits: min(_or(set_.size, limits.max_size), limits.max_size))
WHOSE = Control("colors", _colors, str, lambda set_, _: _or(set_.colors, Spec().colors.kind))
SEED = Control("seed", _seed, settings.parse_seed, lambda set_, _: str(set_.seed), is_rare=True)

CONTROLS = (STRENGTH, WHOSE, SIZE, SEED)
"""Every control but the preset, in the order in which the page's functions take them; the rare ones last."""


def assembled(base: Any, values: Sequence[Any]) -> Settings:
    """Settings from the values of CONTROLS. Raises SpecError."""
    said = {control.name: control.taken(value) for control, value in zip(CONTROLS, values, strict=True)}
    return Settings(base=base, **said)


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def strength_of_several(names: Sequence[str]) -> tuple[str, bool]:
    """What to say of the strength where these presets are painted side by side, and whether any takes it."""
    taking = [name for name in names if choices.takes_strength(PRESETS[name].spec)]
    if names and not taking:
        return "None of these manners has more than one strength", False
    if len(taking) == len(names):
        return STRENGTH_SAYS, True
    return f"{STRENGTH_SAYS}, for {' and '.join(map(choices.title, taking))} alone", True
