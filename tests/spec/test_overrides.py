"""Overriding single fields of a spec, and the errors of settings that are not allowed."""

from __future__ import annotations

from typing import Any

import pytest

from barestyle.errors import SpecError
from barestyle.presets import preset
from barestyle.spec import (
    VGG,
    AveragePooling,
    BinaryWeights,
    GaussianWeights,
    HandMade,
    MaxPooling,
    NoPooling,
    Pyramid,
    with_settings,
)
from barestyle.spec.overrides import parse_assignment

BARE = preset("bare").spec


def set_on_bare(*assignments: str) -> Any:
    return with_settings(BARE, dict(map(parse_assignment, assignments)))


def test_only_the_named_field_changes() -> None:
    changed = set_on_bare("network.weights.magnitude=0.05")
    assert changed.network.weights == BinaryWeights(magnitude=0.05)
    assert with_settings(changed, {"network.weights.magnitude": 0.1}) == BARE


@pytest.mark.parametrize(
    ("assignments", "field", "value"),
    [
        (["network.channels=16"], "channels", (16,) * 5),
        (["network.channels=64,64,128,128,256"], "channels", (64, 64, 128, 128, 256)),
        (["network.channels=[4,8,4,8,4]"], "channels", (4, 8, 4, 8, 4)),
        (["network.pooling=none"], "pooling", NoPooling()),
        (["network.pooling=max", "network.pooling.after=1,3"], "pooling", MaxPooling(after=(1, 3))),
        (["network.weights.kind=gaussian"], "weights", GaussianWeights()),
        (["network.weights.std=0.02", "network.weights=gaussian"], "weights", GaussianWeights(std=0.02)),
        (['network.weights={"kind":"gaussian","std":0.5}'], "weights", GaussianWeights(std=0.5)),
        (["network.activation=none"], "activation", "none"),
    ],
)
def test_accepted_notations(assignments: list[str], field: str, value: Any) -> None:
    assert getattr(set_on_bare(*assignments).network, field) == value
    assert getattr(set_on_bare(*reversed(assignments)).network, field) == value, "the order does not matter"


def test_another_kind_starts_from_its_defaults_and_the_same_kind_keeps_its_fields() -> None:
    tuned = set_on_bare("network.weights.magnitude=0.3")
    assert with_settings(tuned, {"network.weights": "binary"}) == tuned
    assert with_settings(tuned, {"network": "hand-made"}).network == HandMade()
    assert with_settings(tuned, {"network": "pyramid"}).network == Pyramid()
    assert with_settings(tuned, {"network.kind": "vgg"}) == tuned
    assert with_settings(with_settings(tuned, {"network": "pyramid"}), {"network": "vgg"}).network == VGG()
    assert tuned.network.pooling == AveragePooling(after=(1, 3))


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        (
            "network.weights.magnitude=-1",
            "network.weights.magnitude cannot be -1; it must be a number greater than 0 and at most 1e+30",
        ),
        (
            "network.weights.magnitud=1",
            "network.weights of kind binary has no field 'magnitud'; its fields are kind, magnitude",
        ),
        ("network.weights.std=1", "network.weights of kind binary has no field 'std'"),
        (
            "network.weights=cauchy",
            "network.weights cannot be 'cauchy'; it must be one of "
            "binarized, binary, discrete, gaussian, pretrained, shuffled, uniform",
        ),
        ("network.weights=3", "network.weights cannot be 3; it must be one of binarized, binary"),
        ("network.channels=0", "network.channels cannot be 0; it must be a list of 1 to 16 whole numbers"),
        ("network.kernel_size=5", "network.kernel_size cannot be 5; it must be one of 2, 3"),
        ("network.activation=tanh", "network.activation cannot be 'tanh'; it must be one of relu, none"),
        ("netwrk.channels=3", "the spec has no field 'netwrk'; its fields are network, style_loss"),
        ("size=big", "size cannot be 'big'; it must be a whole number from 1 to 65536, or null"),
        ("size.x=3", "size has no fields; it must be a whole number from 1 to 65536, or null"),
        ("size.kind=3", "size has no kinds"),
        ("size=0", "size cannot be 0"),
        ("optimizer.steps=2.5", "optimizer.steps cannot be 2.5; it must be a whole number of at least 1"),
        ("optimizer.tolerance=1", "it must be a number of at least 0 and less than 1"),
        ("style_loss.weight=nan", "style_loss.weight cannot be"),
        ("style_loss.layers=1,6", "style_loss.layers asks for layer 6, but the network has 4"),
        ("style_loss.layers=1,1", "style_loss.layers [1, 1] repeat a layer"),
        ("style_loss.layers=[]", "style_loss.layers cannot be []; it must be a list with 1 or more entries"),
        ("network.weights=pretrained", "trained weights or biases need VGG-19's channels"),
        ("network.rescale=true", "network: rescale=True has no effect on a network without trained weights or biases"),
        ("network.trained_file=a.pth", "network: trained_file='a.pth' has no effect"),
        ('network.pooling={"kind":"max","after":[5]}', "pooling.after=[5] does not fit 4 layers"),
        ('network.weights={"kind":"discrete","levels":[1]}', "network.weights.levels cannot be [1]"),
        ('network.weights={"kind":"discrete","levels":[1,1]}', "network.weights: levels [1.0, 1.0] repeat a value"),
        (
            'network.weights={"kind":"discrete","levels":[1,2],"probabilities":[0.5,0.6]}',
            "network.weights: probabilities sum to 1.1; they must sum to 1",
        ),
        (
            'network.weights={"kind":"discrete","levels":[1,2],"probabilities":[1]}',
            "there are 1 probabilities for 2 levels; give one for each level",
        ),
        ("network.weights.kind", "--set 'network.weights.kind' is not an assignment; write FIELD=VALUE"),
        ("=3", "--set '=3' is not an assignment"),
    ],
)
def test_errors_name_the_field_and_the_allowed_values(assignment: str, message: str) -> None:
    with pytest.raises(SpecError) as refusal:
        set_on_bare(assignment)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
