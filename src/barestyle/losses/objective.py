"""The objective: network, losses and targets joined into the loss and gradient of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from barestyle.losses.content import content_loss
from barestyle.losses.gram import gram, gram_loss
from barestyle.losses.moments import Moments, moments
from barestyle.losses.smoothness import smoothness_loss
from barestyle.losses.whitened import whitened_loss, whitened_style
from barestyle.networks import Network
from barestyle.spec import FeatureContentLoss, GramLoss, Spec, TotalVariation, WhitenedLoss

Term = Callable[[Tensor, Mapping[int, Tensor]], Tensor]
"""A weighted scalar of the image (1, 3, H, W) and its feature maps by tap."""


@dataclass(frozen=True)
class Evaluation:
    """Loss (a scalar), its parts by name (style, content, smoothness), and its gradient (1, 3, H, W)."""

    loss: Tensor
    parts: dict[str, Tensor]
    gradient: Tensor


@dataclass(frozen=True)
class Objective:
    """Terms of one network, to be evaluated at an image; the style's statistics are already in them."""

    network: Network
    terms: dict[str, Term]

    def evaluate(self, image: Tensor) -> Evaluation:
        """Loss and gradient at an image (1, 3, H, W), which may lie outside 0..1."""
        leaf = image.detach().requires_grad_(True)
        taps = self.network(leaf)
        parts = {name: term(leaf, taps) for name, term in self.terms.items()}
        loss = torch.stack(list(parts.values())).sum()
        (gradient,) = torch.autograd.grad(loss, leaf)
        return Evaluation(loss.detach(), {name: part.detach() for name, part in parts.items()}, gradient.contiguous())


def assemble(spec: Spec, network: Network, content: Tensor, style: Tensor) -> Objective:
    """The objective of a spec for two images (1, 3, H, W) in 0..1 on the network's device."""
    with torch.no_grad():
        statistics = {tap: moments(maps) for tap, maps in network(style).items() if tap in spec.style_loss.taps}
        terms: dict[str, Term] = {"style": _style_term(spec.style_loss, statistics)}
        if isinstance(spec.content_loss, FeatureContentLoss):
            target = network(content)[spec.content_loss.tap]
            terms["content"] = partial(_content_term, spec.content_loss, target)
    if isinstance(spec.smoothness, TotalVariation):
        terms["smoothness"] = partial(_smoothness_term, spec.smoothness)
    return Objective(network, terms)


def _style_term(spec: GramLoss | WhitenedLoss, statistics: dict[int, Moments]) -> Term:
    """Compares each tap's moments with the style's, which are prepared here, once."""
    losses: dict[int, Callable[[Moments], Tensor]]
    if isinstance(spec, GramLoss):
        weight = spec.weight
        losses = {tap: partial(gram_loss, style=gram(of)) for tap, of in statistics.items()}
    else:
        weight = spec.weight / len(statistics)
        losses = {tap: partial(whitened_loss, style=whitened_style(of, spec.epsilon)) for tap, of in statistics.items()}

    def term(_: Tensor, taps: Mapping[int, Tensor]) -> Tensor:
        return weight * torch.stack([loss(moments(taps[tap])) for tap, loss in losses.items()]).sum()

    return term


def _content_term(spec: FeatureContentLoss, target: Tensor, _: Tensor, taps: Mapping[int, Tensor]) -> Tensor:
    return spec.weight * content_loss(taps[spec.tap], target)


def _smoothness_term(spec: TotalVariation, image: Tensor, _: Mapping[int, Tensor]) -> Tensor:
    return spec.weight * smoothness_loss(image)
