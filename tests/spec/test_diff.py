"""Differences between two specs."""

from __future__ import annotations

import itertools

import pytest

from barestyle import PRESETS, preset, with_settings
from barestyle.spec.diff import diff_specs


@pytest.mark.parametrize(("base", "other"), list(itertools.permutations(PRESETS, 2)))
def test_differences_turn_one_preset_into_another(base: str, other: str) -> None:
    first, second = PRESETS[base].spec, PRESETS[other].spec
    settings = {change.field: change.after for change in diff_specs(first, second)}
    assert settings
    assert with_settings(first, settings) == second


def test_another_kind_is_described_without_the_values_of_the_former() -> None:
    spec = preset("bare").spec
    changed = with_settings(spec, {"network.weights": "gaussian", "network.weights.std": 0.2, "size": 99})
    assert [(change.field, change.describe()) for change in diff_specs(spec, changed)] == [
        ("network.weights", "binary → gaussian"),
        ("network.weights.std", "0.2"),
    ]
