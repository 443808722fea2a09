"""The spec as a value: frozen, the same through JSON, named by its digest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from barestyle.errors import BarestyleError, SpecError
from barestyle.presets import PRESETS, preset
from barestyle.spec import BinaryWeights, GramLoss, HandMade, PaperLBFGS, Spec, WhitenedLoss, with_settings


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
            st.builds(WhitenedLoss, epsilon=st.floats(1e-9, 1), taps=st.sampled_from([(1,), (2, 4), (5, 1)])),
        ),
        network=st.builds(
            HandMade,
            basic_set=st.sampled_from([1, 2, 3]),
            weights=st.builds(BinaryWeights, magnitude=st.floats(1e-6, 10)),
        ),
        optimizer=st.builds(PaperLBFGS, steps=st.integers(1, 100)),
        size=st.none() | st.integers(1, 65536),
    )
)
def test_json_round_trip_of_any_spec(spec: Spec) -> None:
    assert Spec.from_json(spec.to_json()) == spec


def test_the_digest_tells_specs_apart_and_ignores_where_weights_lie() -> None:
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


def test_python_callers_get_our_errors() -> None:
    with pytest.raises(SpecError, match="magnitude cannot be -1; it takes a number greater than 0"):
        BinaryWeights(magnitude=-1)
    with pytest.raises(BarestyleError, match="has no field 'magnitud'"):
        BinaryWeights(magnitud=1)  # type: ignore[call-arg]
    with pytest.raises(SpecError, match=r"style_loss\.taps asks for layer 6"):
        Spec(style_loss=GramLoss(taps=(6,)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this spec is not JSON"),
        ("3", "a spec is made from named fields, not from 3"),
        ('{"network": {"kind": "resnet"}}', "network cannot be"),
        ('{"network": {}}', "network cannot be {}; it takes one of hand-made, pyramid, vgg"),
        ('{"sise": 3}', "the spec has no field 'sise'"),
        ('{"network": {"kind": "vgg", "weights": {"kind": "binary", "magnitude": "x"}}}', "network.weights.magnitude"),
    ],
)
def test_json_that_is_no_spec(text: str, message: str) -> None:
    with pytest.raises(SpecError) as refusal:
        Spec.from_json(text)
    assert message in str(refusal.value)


def test_the_deepest_tap() -> None:
    spec = preset("npnd").spec
    assert spec.deepest_tap == 5
    shallow = with_settings(spec, {"style_loss.taps": [1, 2]})
    assert shallow.deepest_tap == 2
    assert with_settings(shallow, {"content_loss": "features", "content_loss.tap": 4}).deepest_tap == 4
