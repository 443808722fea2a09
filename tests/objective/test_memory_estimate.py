"""Estimates of memory, against what an evaluation takes."""

from __future__ import annotations

import pytest

from barestyle.networks import Size, build_network
from barestyle.objective import build_objective, estimate_feature_bytes
from tests.objective.cases import build_spec, draw_image


@pytest.mark.parametrize("network_name", ["vgg", "no pooling", "hand-made", "gaussian pyramid"])
def test_the_estimate_for_the_whole_image_equals_the_buffers(network_name: str) -> None:
    spec = build_spec(network_name, "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer)
    objective = build_objective(spec, network, draw_image(64, 48, 0).float(), draw_image(64, 48, 1).float())
    objective.evaluate(draw_image(64, 48, 2).float())
    assert estimate_feature_bytes(network, Size(64, 48), None) == 4 * objective._buffers.numel


def test_guides_add_their_channels_at_every_resolution() -> None:
    spec = build_spec("mirrored borders, one pooling", "gram")
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)
    plain, guided = (estimate_feature_bytes(network, Size(64, 48), None, guide_channels=count) for count in (0, 4))
    plane = network.plane_sizes(Size(64, 48))[0]
    pixels = plane.height * plane.width
    assert guided - plain == 4 * 4 * (pixels + pixels // 4)
