"""The controls start with the default preset, and hint at what applies."""

from __future__ import annotations

from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.spec import Spec, with_settings
from barestyle.spec.validation import alternatives
from barestyle.ui import controls
from barestyle.ui.controls import CONTROLS
from barestyle.ui.limits import Limits

LIMITS = Limits()


def test_every_kind_of_colors_has_a_label() -> None:
    assert set(controls.COLOR_LABELS) == set(alternatives(Spec.model_fields["colors"].annotation))


def test_the_initial_values_are_the_default_preset() -> None:
    """Except for the size, which the preset takes from the photo."""
    components = [control.create(LIMITS) for control in CONTROLS]
    spec = controls.parse_settings(DEFAULT_PRESET, [component.value for component in components]).spec(LIMITS)
    assert with_settings(spec, {"size": None}) == preset(DEFAULT_PRESET).spec


def test_the_strength_hint_names_the_looks_that_it_applies_to() -> None:
    assert controls.make_strength_hint(["bare", "bare-fast"]) == (controls.STRENGTH_HINT, True)
    assert controls.make_strength_hint([]) == (controls.STRENGTH_HINT, True)
    assert controls.make_strength_hint(["npnd", "paper"]) == ("Strength isn't adjustable for these looks", False)
    hint, is_adjustable = controls.make_strength_hint(["bare", "npnd", "bare-fine"])
    assert is_adjustable
    assert hint == f"{controls.STRENGTH_HINT}; applies to Balanced and Finely worked only"
