"""The style loss alone, as a module for anybody's own training loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from barestyle.errors import ImageError, SpecError
from barestyle.images import Source
from barestyle.losses.moments import compute_moments
from barestyle.networks import build_network, compute_minimum_side
from barestyle.objective import Tiling, build_style_losses, compute_style_moments
from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.run.inputs import read_style
from barestyle.spec import VGG, Spec


class StyleLoss(nn.Module):
    """How far images are from a style, with no weights to ship: a perceptual style loss from an untrained network.

    Only the spec's network and style loss are used. Like any module it can be moved to a device or a dtype; the style's
    statistics are then taken again, as those of another precision would be another target. Nothing in it trains.

    Args:
        style: a path, PIL image, array or tensor, as for `transfer`; at the size at which the strokes are wanted. What
            is transparent in it does not count.
        spec: a Spec, or a preset's name.
        seed: of the network's random weights, from 0 to 2**63 - 1.

    Raises SpecError for an unknown preset or a network with trained numbers, ImageError for a style that is no picture
    or too small for the network.
    """

    def __init__(self, style: Source, spec: Spec | str = DEFAULT_PRESET, *, seed: int = 0) -> None:
        super().__init__()
        self.spec = preset(spec).spec if isinstance(spec, str) else spec
        if isinstance(self.spec.network, VGG) and self.spec.network.is_trained:
            raise SpecError(
                "StyleLoss is for networks that nobody trained, not for network.weights or network.bias from a trained "
                "one; use one of the presets named bare"
            )
        picture = read_style(style)
        self.smallest_side = compute_minimum_side(self.spec.network)
        if min(picture.height, picture.width) < self.smallest_side:
            raise ImageError(
                f"{picture.name} has {picture.width} x {picture.height} pixels, but this network needs at least "
                f"{self.smallest_side} a side; give a larger picture"
            )
        self.network = build_network(self.spec.network, seed=seed, deepest_layer=max(self.spec.style_loss.layers))
        self.register_buffer("style", picture.pixels)
        self.register_buffer("mask", picture.alpha)
        self.register_load_state_dict_post_hook(lambda module, _: module._measure())  # type: ignore[no-untyped-call]
        self._measure()

    style: Tensor
    """The style's picture, (1, 3, h, w) in 0..1."""

    mask: Tensor | None
    """How much of it counts, (1, 1, h, w) in 0..1: its alpha; None for an opaque picture."""

    def forward(self, images: Tensor) -> Tensor:
        """The mean loss of images (N, 3, H, W), sRGB in 0..1: a scalar >= 0, differentiable in the images.

        Raises ValueError for anything else than such a batch, or one smaller than the network can work with.
        """
        if images.ndim != 4 or images.shape[1] != 3 or min(images.shape[-2:]) < self.smallest_side:
            raise ValueError(
                f"images have shape {tuple(images.shape)}; StyleLoss takes (N, 3, H, W), at least "
                f"{self.smallest_side} pixels a side"
            )
        features = self.network(images)
        each = [
            loss(compute_moments(features[tap][number : number + 1]))
            for number in range(images.shape[0])
            for tap, loss in self._losses.items()
        ]
        return torch.stack(each).sum() / images.shape[0]

    def _measure(self) -> None:
        taps = set(self.spec.style_loss.layers)
        with torch.no_grad():
            statistics = compute_style_moments(self.network, self.style, taps, Tiling(), self.mask)
            self._losses = build_style_losses(self.spec.style_loss, statistics)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._measure()
        return self
