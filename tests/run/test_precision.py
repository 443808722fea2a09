"""Precision: which one a run uses, networks in it, and the check of the bf16 gradient."""

from __future__ import annotations

import pytest
import torch

from barestyle import SpecError, preset, with_settings
from barestyle.networks import build_network
from barestyle.run.plan import prepare
from barestyle.run.precision import cast_network, gradient_cosine
from barestyle.run.request import Request
from tests.conftest import drawing
from tests.run.conftest import small_spec


def test_the_papers_optimizer_has_one_scale_and_one_precision() -> None:
    with pytest.raises(SpecError, match="scales=coarse-to-fine does not work with optimizer=paper-lbfgs"):
        with_settings(preset("paper").spec, {"scales": "coarse-to-fine"})
    image = drawing(64, 64, 1)
    with pytest.raises(SpecError, match="precision=mixed does not work with optimizer=paper-lbfgs"):
        prepare(Request(image, image, preset("paper").spec, precision="mixed"))
    assert prepare(Request(image, image, preset("paper").spec)).precision == "float32"
    with pytest.raises(SpecError, match="precision cannot be 'half'; it must be one of auto, float32, bf16, mixed"):
        prepare(Request(image, image, small_spec(), precision="half"))


def test_auto_is_mixed_on_a_device_with_fast_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    image = drawing(64, 64, 1)
    for made, expected in ((True, "mixed"), (False, "float32")):
        monkeypatch.setattr("barestyle.hardware.devices.has_fast_bf16", lambda _, made=made: made)
        assert prepare(Request(image, image, small_spec())).precision == expected


def test_a_network_is_copied_to_change_its_precision() -> None:
    network = build_network(small_spec().network, seed=0, deepest_layer=5)
    narrow = cast_network(network, "bf16")
    assert narrow.dtype == torch.bfloat16
    assert network.dtype == torch.float32
    assert cast_network(network, "float32") is network


def test_the_cosine_is_of_the_angle_between_gradients() -> None:
    one = torch.tensor([1.0, 2.0])
    assert gradient_cosine(one, 3 * one) == pytest.approx(1)
    assert gradient_cosine(one, torch.tensor([-2.0, 1.0])) == pytest.approx(0)
