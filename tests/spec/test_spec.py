"""Specs: frozen, identified by a digest, and unchanged by a round trip through JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from barestyle.errors import BarestyleError, SpecError
from barestyle.presets import PRESETS, preset
from barestyle.spec import (
    BinaryWeights,
    GramLoss,
    HandMade,
    NoContentLoss,
    PaperLBFGS,
    SingleScale,
    Spec,
    WhitenedLoss,
    with_settings,
)


@pytest.mark.parametrize("name", PRESETS)
def test_json_round_trip(name: str) -> None:
    spec = preset(name).spec
    again = Spec.from_json(spec.to_json())
    assert again == spec
    assert again.digest == spec.digest


@given(
    st.builds(
        Spec,
        style_loss=st.one_of(
            st.builds(GramLoss, weight=st.floats(1e-6, 1e12)),
            st.builds(WhitenedLoss, epsilon=st.floats(1e-9, 1), layers=st.sampled_from([(1,), (2, 4), (5, 1)])),
        ),
        network=st.builds(
            HandMade,
            basic_set=st.sampled_from([1, 2, 3]),
            weights=st.builds(BinaryWeights, magnitude=st.floats(1e-6, 10)),
        ),
        content_loss=st.just(NoContentLoss()),
        optimizer=st.builds(PaperLBFGS, steps=st.integers(1, 100)),
        scales=st.just(SingleScale()),
        size=st.none() | st.integers(1, 65536),
    )
)
def test_json_round_trip_of_any_spec(spec: Spec) -> None:
    assert Spec.from_json(spec.to_json()) == spec


def test_the_digest_differs_between_specs_and_ignores_the_path_of_weights() -> None:
    digests = {one.spec.digest for one in PRESETS.values()}
    assert len(digests) == len(PRESETS)
    original = preset("paper-original").spec
    assert with_settings(original, {"network.trained_file": "/else/where.pth"}).digest == original.digest
    assert with_settings(original, {"network.rescale": True}).digest != original.digest


def test_a_spec_cannot_be_changed() -> None:
    spec = preset("bare").spec
    with pytest.raises(ValidationError, match="frozen"):
        spec.size = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        spec.network.weights.magnitude = 3.0  # type: ignore[misc, union-attr]


def test_constructors_raise_spec_errors() -> None:
    with pytest.raises(SpecError, match="magnitude cannot be -1; it must be a number greater than 0"):
        BinaryWeights(magnitude=-1)
    with pytest.raises(
        BarestyleError, match=r"^BinaryWeights has no field 'magnitud'; its fields are kind, magnitude$"
    ):
        BinaryWeights(magnitud=1)  # type: ignore[call-arg]
    with pytest.raises(SpecError, match=r"style_loss\.layers asks for layer 6"):
        Spec(style_loss=GramLoss(layers=(6,)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the spec is not valid JSON"),
        ("3", "a spec must be an object with named fields (network, style_loss, content_loss"),
        ('{"network": {"kind": "resnet"}}', "network cannot be"),
        ('{"network": {}}', "network cannot be {}; it must be one of hand-made, pyramid, vgg"),
        ('{"sise": 3}', "the spec has no field 'sise'"),
        ('{"network": {"kind": "vgg", "weights": {"kind": "binary", "magnitude": "x"}}}', "network.weights.magnitude"),
    ],
)
def test_invalid_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as refusal:
        Spec.from_json(text)
    assert message in str(refusal.value)


def test_the_deepest_tap() -> None:
    spec = preset("npnd").spec
    assert spec.deepest_layer == 5
    shallow = with_settings(spec, {"style_loss.layers": [1, 2]})
    assert shallow.deepest_layer == 2
    assert with_settings(shallow, {"content_loss": "features", "content_loss.layer": 4}).deepest_layer == 4
