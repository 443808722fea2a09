"""The first pass: the moments of images."""

from __future__ import annotations

import torch

from barestyle.losses import mix_moments
from barestyle.networks import build_network
from barestyle.objective import Tiling, compute_style_moments
from tests.objective.cases import build_spec, draw_image


def test_mixed_moments_are_those_of_images_side_by_side() -> None:
    """Exactly, with kernels of one pixel; larger ones would see across the seam."""
    spec = build_spec("one layer", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=1).double()
    for layer in network.stacks[0].layers:  # type: ignore[union-attr]
        layer.weight[..., [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0
    left, right = draw_image(20, 30, 1), draw_image(20, 10, 2)
    both = compute_style_moments(network, torch.cat((left, right), 3), {1}, Tiling())[1]
    parts = [
        (compute_style_moments(network, image, {1}, Tiling())[1], share)
        for image, share in ((left, 0.75), (right, 0.25))
    ]
    mixture = mix_moments(parts)
    torch.testing.assert_close(mixture.mean, both.mean)
    torch.testing.assert_close(mixture.covariance, both.covariance)
