"""The presets match the paper's text, and each of them is valid."""

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
    SingleScale,
    Spec,
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
    assert spec.style_loss == GramLoss(layers=(1, 2, 3, 4, 5), weight=1e6)
    assert spec.content_loss == NoContentLoss()
    assert spec.scales == SingleScale()
    assert spec.optimizer == PaperLBFGS(steps=20, iterations_per_step=20, learning_rate=1.0, history_size=100)


def test_the_other_presets_of_the_paper_differ_from_it_as_described() -> None:
    npnd = preset("npnd").spec.network
    assert isinstance(npnd, VGG)
    assert (npnd.channels, npnd.pooling) == ((64,) * 5, NoPooling())
    original = preset("paper-original").spec
    assert isinstance(original.network, VGG)
    assert original.network.is_trained
    assert original.content_loss == FeatureContentLoss(layer=1, weight=1.0)
    assert original.optimizer == preset("paper").spec.optimizer
    for name in ("npnd", "gaussian-pyramid", "laplacian-pyramid", "hand-made"):
        assert preset(name).spec.style_loss == preset("paper").spec.style_loss
        assert preset(name).spec.optimizer == LBFGS()


def test_the_default_preset_is_the_default_spec_and_untrained() -> None:
    spec = preset(DEFAULT_PRESET).spec
    assert spec == Spec()
    assert isinstance(spec.network, VGG)
    assert not spec.network.is_trained


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_valid_spec(name: str) -> None:
    """Presets are copies of others with fields replaced, which pydantic does not validate."""
    spec = preset(name).spec
    assert Spec.from_data(spec.model_dump()) == spec


def test_every_preset_has_a_name_and_a_title_that_differ_from_the_others() -> None:
    assert all(name == preset.name for name, preset in PRESETS.items())
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)
    assert all(preset.description and preset.summary and preset.source for preset in PRESETS.values())


def test_an_unknown_name_is_refused_with_the_names_of_the_presets() -> None:
    with pytest.raises(SpecError) as refusal:
        preset("papper")
    assert "did you mean paper?" in str(refusal.value)
    assert all(name in str(refusal.value) for name in PRESETS)
