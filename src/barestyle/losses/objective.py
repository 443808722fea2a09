"""The objective: network, losses and targets joined into the loss and gradient of an image.

A style loss depends on the moments alone, and moments add. So the first pass sums them tile by tile without a graph,
the loss and its small derivatives by the moments are computed once, and a second pass takes these back to the pixels,
tile by tile. Loss and gradient are the whole picture's, to rounding, however it is cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.buffers import Buffers
from barestyle.losses.content import ContentMatch
from barestyle.losses.forms import Forms
from barestyle.losses.gram import gram, gram_loss
from barestyle.losses.moments import Moments, Sums
from barestyle.losses.smoothness import smoothness_loss
from barestyle.losses.sweep import Cotangent, Sweep
from barestyle.losses.tiles import Tile, Window, tap_window, tiles
from barestyle.losses.tiling import Tiling
from barestyle.losses.whitened import whitened_loss, whitened_style
from barestyle.networks import Chain, Network, Size
from barestyle.spec import FeatureContentLoss, FormsContentLoss, GramLoss, Spec, TotalVariation, WhitenedLoss

MomentLoss = Callable[[Moments], Tensor]


@dataclass(frozen=True)
class Evaluation:
    """Loss (a scalar), its parts by name (style, content, smoothness), and its gradient (1, 3, H, W)."""

    loss: Tensor
    parts: dict[str, Tensor]
    gradient: Tensor


class _Part(NamedTuple):
    """A tile of one of the planes that the image becomes."""

    plane: int
    tile: Tile


class Objective:
    """Terms of one network, to be evaluated at an image; the style's statistics are already in them.

    `style_losses` by tap are of moments and weighted. `content` is the image that the content loss by features
    compares with, `forms` knows its own.
    `tiling` says how pictures are cut; it changes where memory runs out.
    """

    def __init__(
        self,
        network: Network,
        style_losses: dict[int, MomentLoss],
        *,
        content_loss: FeatureContentLoss | None = None,
        content: Tensor | None = None,
        forms: Forms | None = None,
        smoothness: TotalVariation | None = None,
        tiling: Tiling | None = None,
    ) -> None:
        self.network = network
        self.tiling = tiling or Tiling()
        self._style_losses = style_losses
        self._content_loss = content_loss
        self._content = content
        self._forms = forms
        self._smoothness = smoothness
        self._content_sweep: Sweep | None = None
        self._buffers = Buffers()

    def evaluate(self, image: Tensor) -> Evaluation:
        """Loss and gradient at an image (1, 3, H, W), which may lie outside 0..1.

        Where memory runs out the tiles become smaller, and it is done again. Raises RuntimeError where they cannot.
        """

        def work() -> Evaluation:
            return self._evaluate(image.detach())

        return self.tiling.attempt(work, Size(*image.shape[-2:]), before_again=self.let_go)

    def let_go(self) -> None:
        """Give back the memory that is kept for the next evaluation."""
        self._buffers.clear()
        self._content_sweep = None

    def _evaluate(self, image: Tensor) -> Evaluation:
        leaf = image.requires_grad_(True)
        with torch.enable_grad():
            planes = self.network.planes(leaf)
        with torch.no_grad():
            flat = [plane.detach() for plane in planes]
            taps = set(self._style_losses)
            sums, kept = measure(self.network, flat, taps, self.tiling.side, self.tiling.held, self._buffers)
            style, cotangents = self._style(sums)
            parts = {"style": style}
            gradients, content = self._pull(flat, kept, cotangents)
            if content is not None:
                parts["content"] = content
        gradient = gradients[0] if planes[0] is leaf else torch.autograd.grad(planes, leaf, gradients)[0]
        gradient = gradient.contiguous()
        if self._forms is not None:
            parts["content"] = self._forms.add(leaf.detach(), gradient)
        if self._smoothness is not None:
            smoothness = self._smoothness.weight * smoothness_loss(leaf)
            gradient += torch.autograd.grad(smoothness, leaf)[0]
            parts["smoothness"] = smoothness.detach()
        return Evaluation(torch.stack(list(parts.values())).sum(), parts, gradient)

    def _style(self, sums: dict[int, Sums]) -> tuple[Tensor, dict[int, Cotangent]]:
        """The style loss, and its derivatives by the moments of each tap."""
        leaves = {
            tap: Moments(of.pixels, of.first.requires_grad_(True), of.second.requires_grad_(True))
            for tap, of in sums.items()
        }
        with torch.enable_grad():
            loss = torch.stack([self._style_losses[tap](of) for tap, of in leaves.items()]).sum()
            wanted = [moment for of in leaves.values() for moment in (of.first, of.second)]
            found = torch.autograd.grad(loss, wanted, allow_unused=True)
        cotangents = {
            tap: Cotangent(second + second.T, first)
            for tap, first, second in zip(leaves, found[::2], found[1::2], strict=True)
        }
        return loss.detach(), cotangents

    def _pull(
        self, planes: list[Tensor], kept: dict[_Part, Sweep], cotangents: dict[int, Cotangent]
    ) -> tuple[list[Tensor], Tensor | None]:
        """Gradients for the planes, and the content loss; the kept sweeps are used up."""
        gradients: list[Tensor | None] = [None] * len(planes)
        matched: list[Tensor] = []
        for part in reversed(_parts(self.network, planes, self.tiling.side)):
            chain, plane = self._chain(part.plane), planes[part.plane]
            sweep = kept.pop(part, None)
            if sweep is None:
                sweep = _sweep(chain, plane, part.tile, self._buffers)
                sweep.forward({})
            match = self._content_match(part, plane)
            taps = {tap - chain.first_tap: one for tap, one in cotangents.items()}
            found = chain.leave(sweep.backward(taps, match)).to(plane.dtype)
            if match is not None:
                matched.append(match.total * match.factor)
                if match.target is not self._content_sweep:
                    match.target.forget()
            if part.tile.alone:
                gradients[part.plane] = found.contiguous()
                continue
            whole = gradients[part.plane]
            whole = torch.zeros_like(plane, memory_format=torch.contiguous_format) if whole is None else whole
            _cut(whole, part.tile.seen).add_(found)
            gradients[part.plane] = whole
        return [one for one in gradients if one is not None], torch.stack(matched).sum() if matched else None

    def _content_match(self, part: _Part, plane: Tensor) -> ContentMatch | None:
        """What a tile is to be compared with: made anew for each of several tiles, kept where there is one."""
        if self._content_loss is None or self._content is None:
            return None
        chain = self._chain(part.plane)
        index = self._content_loss.tap - chain.first_tap
        if not 0 <= index < len(chain):
            return None
        sweep = self._content_sweep if part.tile.alone else None
        if sweep is None:
            sweep = _sweep(chain, self.network.planes(self._content)[part.plane], part.tile, self._buffers)
            sweep.forward({}, depth=index + 1)
            sweep.forget(but=index)
            self._content_sweep = sweep if part.tile.alone else None
        size = chain.tap_size(index, Size(*plane.shape[-2:]))
        factor = self._content_loss.weight / (size.height * size.width * chain[index].channels)
        accurate = torch.promote_types(self.network.dtype, torch.float32)
        return ContentMatch(index, sweep, factor, torch.zeros((), dtype=accurate, device=plane.device))

    def _chain(self, plane: int) -> Chain:
        chain = self.network.chains[plane]
        assert isinstance(chain, Chain)
        return chain


def assemble(
    spec: Spec, network: Network, content: Tensor, style: Tensor, *, tiling: Tiling | None = None
) -> Objective:
    """The objective of a spec for two images (1, 3, H, W) in 0..1 on the network's device.

    The style's statistics are taken in the precision of the network: those of another one would be another target.
    """
    tiling = tiling or Tiling()
    # A style that is larger than the content is cut as if it were the content, for whose size memory was found.
    side = tiling.side or Size(*content.shape[-2:])
    statistics = statistics_of(network, style, set(spec.style_loss.taps), Tiling(side))
    by_features = isinstance(spec.content_loss, FeatureContentLoss)
    return Objective(
        network,
        style_losses(spec.style_loss, statistics),
        content_loss=spec.content_loss if isinstance(spec.content_loss, FeatureContentLoss) else None,
        content=content.detach() if by_features else None,
        forms=Forms(content.detach(), spec.content_loss) if isinstance(spec.content_loss, FormsContentLoss) else None,
        smoothness=spec.smoothness if isinstance(spec.smoothness, TotalVariation) else None,
        tiling=tiling,
    )


def statistics_of(network: Network, image: Tensor, taps: set[int], tiling: Tiling) -> dict[int, Moments]:
    """Moments of an image's (1, 3, H, W) features by tap, without a graph."""

    def sums() -> dict[int, Sums]:
        with torch.no_grad():
            return measure(network, network.planes(image), taps, tiling.side, held=0, buffers=Buffers())[0]

    found = tiling.attempt(sums, Size(*image.shape[-2:]))
    return {tap: of.moments() for tap, of in found.items()}


def measure(
    network: Network, planes: list[Tensor], taps: set[int], side: Size | None, held: int, buffers: Buffers
) -> tuple[dict[int, Sums], dict[_Part, Sweep]]:
    """The first pass: sums by tap, and the sweeps of the last `held` tiles (of all, where planes are not cut)."""
    sums: dict[int, Sums] = {}
    kept: dict[_Part, Sweep] = {}
    parts = _parts(network, planes, side)
    for number, part in enumerate(parts):
        chain = network.chains[part.plane]
        assert isinstance(chain, Chain)
        wanted = {}
        for index in range(len(chain)):
            if chain.first_tap + index in taps:
                like = chain[index].weight
                wanted[index] = sums.setdefault(chain.first_tap + index, Sums(chain[index].channels, like))
        sweep = _sweep(chain, planes[part.plane], part.tile, buffers)
        sweep.forward(wanted)
        if held and (side is None or number >= len(parts) - held):
            kept[part] = sweep
        else:
            sweep.forget()
    return sums, kept


def _parts(network: Network, planes: list[Tensor], side: Size | None) -> list[_Part]:
    return [
        _Part(number, tile)
        for number, (chain, plane) in enumerate(zip(network.chains, planes, strict=True))
        for tile in tiles(chain, Size(*plane.shape[-2:]), side)  # type: ignore[arg-type]
    ]


def _sweep(chain: Chain, plane: Tensor, tile: Tile, buffers: Buffers) -> Sweep:
    own = [tap_window(chain, index, tile) for index in range(len(chain))]
    return Sweep(chain, _cut(plane, tile.seen), own, buffers)


def _cut(plane: Tensor, window: Window) -> Tensor:
    return plane[:, :, window.top : window.bottom, window.left : window.right]


def style_losses(spec: GramLoss | WhitenedLoss, statistics: dict[int, Moments]) -> dict[int, MomentLoss]:
    """Compares each tap's moments with the style's, which are prepared here, once."""
    if isinstance(spec, GramLoss):
        plain = {tap: partial(gram_loss, style=gram(of)) for tap, of in statistics.items()}
        return {tap: _weighted(spec.weight, loss) for tap, loss in plain.items()}
    whitened = {tap: partial(whitened_loss, style=whitened_style(of, spec.epsilon)) for tap, of in statistics.items()}
    return {tap: _weighted(spec.weight / len(statistics), loss) for tap, loss in whitened.items()}


def _weighted(weight: float, loss: MomentLoss) -> MomentLoss:
    return lambda of: weight * loss(of)
