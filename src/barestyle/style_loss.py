"""The style loss as a PyTorch module, for other training loops."""

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
    """Perceptual style loss from an untrained network: no pretrained weights to download or ship.

    Only the network and the style loss of the spec are used, the latter without its guide, for which it would need the
    content. The module has no trainable parameters. Like every module
    it moves to a device or precision; the style's statistics are then computed again, as rounding is part of them.

    Args:
        style: path, PIL image, array or tensor, as for `transfer`, in the size that gives the wanted strokes.
            Transparent parts are ignored.
        spec: a Spec, or the name of a preset.
        seed: of the network's random weights, from 0 to 2**63 - 1.

    Raises:
        SpecError: there is no such preset, or the network has trained weights or biases.
        ImageError: the style cannot be read, or is too small for the network.

    Example:
        >>> import torch
        >>> from barestyle import StyleLoss
        >>> loss = StyleLoss(torch.rand(3, 64, 64), "bare-fast")
        >>> images = torch.rand(2, 3, 64, 64, requires_grad=True)
        >>> loss(images).backward()
        >>> images.grad.shape
        torch.Size([2, 3, 64, 64])
    """

    def __init__(self, style: Source, spec: Spec | str = DEFAULT_PRESET, *, seed: int = 0) -> None:
        super().__init__()
        self.spec = preset(spec).spec if isinstance(spec, str) else spec
        if isinstance(self.spec.network, VGG) and self.spec.network.is_trained:
            raise SpecError(
                "StyleLoss needs an untrained network, not trained network.weights or network.bias; use a preset such "
                f"as {DEFAULT_PRESET}"
            )
        picture = read_style(style)
        self.minimum_side = compute_minimum_side(self.spec.network)
        if min(picture.height, picture.width) < self.minimum_side:
            raise ImageError(
                f"{picture.name} has {picture.width} x {picture.height} pixels, but this network needs at least "
                f"{self.minimum_side} on each side; give a larger image"
            )
        self.network = build_network(self.spec.network, seed=seed, deepest_layer=max(self.spec.style_loss.layers))
        self.register_buffer("style", picture.pixels)
        self.register_buffer("mask", picture.alpha)
        self.register_load_state_dict_post_hook(lambda module, _: module._compute_targets())  # type: ignore[no-untyped-call]
        self._compute_targets()

    style: Tensor
    """The style image, (1, 3, h, w) in 0..1."""

    mask: Tensor | None
    """The style image's alpha, (1, 1, h, w) in 0..1; None if it is opaque."""

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean loss of images (N, 3, H, W), sRGB in 0..1: a scalar >= 0, differentiable.

        Raises:
            ValueError: the images have another shape, or are too small for the network.
        """
        if images.ndim != 4 or images.shape[1] != 3 or min(images.shape[-2:]) < self.minimum_side:
            raise ValueError(
                f"images must have the shape (N, 3, H, W) with H and W of at least {self.minimum_side}, "
                f"not {tuple(images.shape)}"
            )
        features = self.network(images)
        losses = [
            loss(compute_moments(features[tap][number : number + 1]))
            for number in range(images.shape[0])
            for tap, loss in self._losses.items()
        ]
        return torch.stack(losses).sum() / images.shape[0]

    def _compute_targets(self) -> None:
        taps = set(self.spec.style_loss.layers)
        with torch.no_grad():
            statistics = compute_style_moments(self.network, self.style, taps, Tiling(), self.mask)
            self._losses = build_style_losses(self.spec.style_loss, statistics)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._compute_targets()
        return self
