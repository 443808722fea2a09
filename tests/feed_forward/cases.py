"""Small networks with seeded weights, as if trained."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.feed_forward import NetworkShape, StyleNetwork, TrainedStyle

SHAPE = NetworkShape(widths=(4, 6, 8, 10), blocks=(1, 1, 1), styles=2)


def make_style(shape: NetworkShape = SHAPE, seed: int = 0, names: tuple[str, ...] | None = None) -> TrainedStyle:
    """Return a style whose weights, scales and shifts are all different."""
    generator = torch.Generator().manual_seed(seed)
    network = StyleNetwork(shape).eval().requires_grad_(False)
    for name, values in network.state_dict().items():
        spread = torch.rand(values.shape, generator=generator) - 0.5
        if name.endswith("quantiles"):
            spread = (1.4 * spread + 0.5).sort(dim=-1).values
        values.copy_((1 + spread if name.endswith("scale") else spread).half().float())
    names = names or tuple(f"style {number}" for number in range(1, shape.styles + 1))
    return TrainedStyle(network, names, {"steps": 3})


def make_image(height: int, width: int, seed: int = 1) -> Tensor:
    """Return a ramp with noise, (1, 3, height, width): its parts have other statistics than the whole."""
    noise = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    ramp = torch.linspace(0, 1, width) * torch.linspace(0.3, 1, height)[:, None]
    return (0.3 * noise + 0.7 * ramp).contiguous()
