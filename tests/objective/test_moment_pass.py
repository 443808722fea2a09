"""The first pass: the moments of images."""

from __future__ import annotations

import torch

from barestyle.networks import Size, build_network
from barestyle.objective import Tiling, compute_style_moments
from barestyle.objective.moment_pass import compute_masked_moments
from tests.objective.cases import build_spec, draw_image


def test_moments_under_several_masks_are_those_under_each() -> None:
    spec = build_spec("vgg", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    image, guide = draw_image(40, 48, 1), draw_image(10, 12, 2)
    masks = (None, draw_image(40, 48, 3)[:, :1], torch.zeros(1, 1, 40, 48, dtype=torch.float64))
    taps = {1, 3}
    tiling = Tiling(Size(32, 32))
    by_tap = compute_masked_moments(network, image, taps, tiling, masks, guide)
    for number, mask in enumerate(masks):
        expected = compute_style_moments(network, image, taps, tiling, mask, guide)
        for tap in taps:
            torch.testing.assert_close(by_tap[tap][number].second, expected[tap].second)
            assert by_tap[tap][number].pixels == expected[tap].pixels
    assert by_tap[3][2].pixels == 0
