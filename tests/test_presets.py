"""Presets are what the paper's text says they are."""

from __future__ import annotations

import pytest

from barestyle.errors import SpecError
from barestyle.presets import DEFAULT_PRESET, PRESETS, preset
from barestyle.spec import (
    LBFGS,
    VGG,
    BinaryWeights,
    ConstantBias,
    FeatureContentLoss,
    GramLoss,
    MaxPooling,
    NoContentLoss,
    NoPooling,
    PaperLBFGS,
)


def test_the_paper_preset_is_section_6() -> None:
    spec = preset("paper").spec
    assert spec.network == VGG(
        channels=(64, 64, 128, 128, 256),
        kernel_size=3,
        pooling=MaxPooling(after=(2, 4)),
        activation="relu",
        weights=BinaryWeights(magnitude=0.1),
        bias=ConstantBias(value=0.5),
    )
    assert spec.style_loss == GramLoss(taps=(1, 2, 3, 4, 5), weight=1e6)
    assert spec.content_loss == NoContentLoss()
    assert spec.optimizer == PaperLBFGS(steps=20, iterations_per_step=20, learning_rate=1.0, history=100)


def test_the_other_presets_differ_from_it_where_they_should() -> None:
    npnd = preset("npnd").spec.network
    assert isinstance(npnd, VGG)
    assert (npnd.channels, npnd.pooling) == ((64,) * 5, NoPooling())
    original = preset("paper-original").spec
    assert isinstance(original.network, VGG)
    assert original.network.is_trained
    assert original.content_loss == FeatureContentLoss(tap=1, weight=1.0)
    assert original.optimizer == preset("paper").spec.optimizer
    for name in ("npnd", "gaussian-pyramid", "laplacian-pyramid", "hand-made"):
        assert preset(name).spec.style_loss == preset("paper").spec.style_loss
        assert preset(name).spec.optimizer == LBFGS()


def test_nothing_in_the_default_was_learned() -> None:
    network = preset(DEFAULT_PRESET).spec.network
    assert isinstance(network, VGG)
    assert not network.is_trained


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(SpecError) as refusal:
        preset("papper")
    assert "did you mean paper?" in str(refusal.value)
    assert all(name in str(refusal.value) for name in PRESETS)
