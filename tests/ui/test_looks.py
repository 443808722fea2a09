"""The page offers every preset that needs no trained weights."""

from __future__ import annotations

import pytest

from barestyle.presets import PRESETS
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS, has_strength


def test_all_presets_without_trained_weights_are_offered() -> None:
    assert set(PRESETS) - set(LOOKS) == {"paper-original"}
    with pytest.raises(PageError, match="'paper-original' needs trained weights"):
        Settings("paper-original").spec(Limits())


def test_looks_have_different_titles() -> None:
    assert len({preset.title for preset in LOOKS.values()}) == len(LOOKS)


def test_only_looks_that_preserve_the_contents_lightness_have_a_strength() -> None:
    assert {name for name, preset in LOOKS.items() if has_strength(preset.spec)} == {"bare", "bare-fast", "bare-fine"}
