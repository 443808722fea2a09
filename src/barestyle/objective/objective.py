"""The objective: network, losses and targets joined into the loss and gradient of an image.

A style loss depends on the moments alone, and moments add. So the first pass sums them tile by tile without a graph,
the loss and its small derivatives by the moments are computed once, and a second pass takes these back to the pixels,
tile by tile. Loss and gradient are the whole picture's, to rounding, however it is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.gram import gram, gram_loss
from barestyle.losses.luminance_content import LuminanceContentTerm
from barestyle.losses.missing_colors import MissingColors, missing_colors
from barestyle.losses.moments import MomentAccumulator, Moments, mix_moments
from barestyle.losses.regions import Region, StyleImage
from barestyle.losses.total_variation import total_variation_loss
from barestyle.losses.whitened import whitened_loss, whitened_style
from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.buffer_pool import BufferPool
from barestyle.objective.feature_content import FeatureContentTerm
from barestyle.objective.region_masks import Masks, RegionMasks
from barestyle.objective.tile_grid import Tile, Window, tap_window, tiles
from barestyle.objective.tile_pass import MomentGradient, TilePass
from barestyle.objective.tile_policy import Tiling
from barestyle.spec import FeatureContentLoss, GramLoss, LuminanceContentLoss, Spec, TotalVariation, WhitenedLoss

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
    """Terms of one network, to be evaluated at an image; the styles' statistics are already in them.

    `style_losses` by tap are of moments and weighted, one for each region; `masks`, (1, 1, H, W) in 0..1 or None, say
    where that is. `content` is the image that the content loss by features
    compares with, `forms` knows its own.
    `tiling` says how pictures are cut; it changes where memory runs out.
    """

    def __init__(
        self,
        network: Network,
        style_losses: dict[int, tuple[MomentLoss, ...]],
        *,
        masks: Masks = (None,),
        content_loss: FeatureContentLoss | None = None,
        content: Tensor | None = None,
        forms: LuminanceContentTerm | None = None,
        missing_colors: Sequence[MissingColors] = (),
        smoothness: TotalVariation | None = None,
        tiling: Tiling | None = None,
    ) -> None:
        self.network = network
        self.tiling = tiling or Tiling()
        self._style_losses = style_losses
        self._masks = masks
        self._region_masks: RegionMasks | None = None
        self._content_loss = content_loss
        self._content = content
        self._forms = forms
        self._missing_colors = missing_colors
        self._smoothness = smoothness
        self._content_pass: TilePass | None = None
        self._buffers = BufferPool()

    def evaluate(self, image: Tensor) -> Evaluation:
        """Loss and gradient at an image (1, 3, H, W), which may lie outside 0..1.

        Where memory runs out the tiles become smaller, and it is done again. Raises RuntimeError where they cannot.
        """

        def work() -> Evaluation:
            return self._evaluate(image.detach())

        return self.tiling.attempt(work, Size(*image.shape[-2:]), before_again=self.release)

    def release(self) -> None:
        """Give back the memory that is kept for the next evaluation."""
        self._buffers.clear()
        self._content_pass = None
        self._region_masks = None

    def _evaluate(self, image: Tensor) -> Evaluation:
        leaf = image.requires_grad_(True)
        with torch.enable_grad():
            planes = self.network.planes(leaf)
        with torch.no_grad():
            flat = [plane.detach() for plane in planes]
            taps = set(self._style_losses)
            if self._region_masks is None:
                self._region_masks = RegionMasks(self.network, self._masks, Size(*image.shape[-2:]))
            sums, kept = accumulate(
                self.network, flat, taps, self._region_masks, self.tiling.side, self.tiling.held, self._buffers
            )
            style, moment_gradients = self._style(sums)
            parts = {"style": style}
            gradients, content = self._backpropagate(flat, kept, moment_gradients)
            if content is not None:
                parts["content"] = content
        gradient = gradients[0] if planes[0] is leaf else torch.autograd.grad(planes, leaf, gradients)[0]
        gradient = gradient.contiguous()
        if self._forms is not None:
            parts["content"] = self._forms.add(leaf.detach(), gradient)
        for penalty in self._missing_colors:
            parts["style"] = parts["style"] + penalty.add(leaf.detach(), gradient)
        if self._smoothness is not None:
            smoothness = self._smoothness.weight * total_variation_loss(leaf)
            gradient += torch.autograd.grad(smoothness, leaf)[0]
            parts["smoothness"] = smoothness.detach()
        return Evaluation(torch.stack(list(parts.values())).sum(), parts, gradient)

    def _style(self, sums: dict[int, list[MomentAccumulator]]) -> tuple[Tensor, dict[int, list[MomentGradient]]]:
        """The style loss, and its derivatives by the moments of each tap and region."""
        leaves = [
            (tap, loss, Moments(of.pixels, of.first.requires_grad_(True), of.second.requires_grad_(True)))
            for tap, regions in sums.items()
            for of, loss in zip(regions, self._style_losses[tap], strict=True)
        ]
        with torch.enable_grad():
            total = torch.stack([loss(of) for _, loss, of in leaves]).sum()
            wanted = [moment for *_, of in leaves for moment in (of.first, of.second)]
            found = torch.autograd.grad(total, wanted, allow_unused=True)
        moment_gradients: dict[int, list[MomentGradient]] = {tap: [] for tap in sums}
        for (tap, *_), first, second in zip(leaves, found[::2], found[1::2], strict=True):
            moment_gradients[tap].append(MomentGradient(second + second.T, first))
        return total.detach(), moment_gradients

    def _backpropagate(
        self, planes: list[Tensor], kept: dict[_Part, TilePass], moment_gradients: dict[int, list[MomentGradient]]
    ) -> tuple[list[Tensor], Tensor | None]:
        """Gradients for the planes, and the content loss; the kept sweeps are used up."""
        gradients: list[Tensor | None] = [None] * len(planes)
        matched: list[Tensor] = []
        for part in reversed(_parts(self.network, planes, self.tiling.side)):
            stack, plane = self._chain(part.plane), planes[part.plane]
            tile_pass = kept.pop(part, None)
            if tile_pass is None:
                assert self._region_masks is not None
                masks = self._region_masks.within(part.plane, part.tile)
                tile_pass = _tile_pass(stack, plane, part.tile, self._buffers, masks)
                tile_pass.forward({})
            match = self._content_match(part, plane)
            taps = {tap - stack.first_tap: one for tap, one in moment_gradients.items()}
            found = stack.normalize_backward(tile_pass.backward(taps, match)).to(plane.dtype)
            if match is not None:
                matched.append(match.total * match.factor)
                if match.target is not self._content_pass:
                    match.target.release()
            if part.tile.alone:
                gradients[part.plane] = found.contiguous()
                continue
            whole = gradients[part.plane]
            whole = torch.zeros_like(plane, memory_format=torch.contiguous_format) if whole is None else whole
            _cut(whole, part.tile.with_halo).add_(found)
            gradients[part.plane] = whole
        return [one for one in gradients if one is not None], torch.stack(matched).sum() if matched else None

    def _content_match(self, part: _Part, plane: Tensor) -> FeatureContentTerm | None:
        """What a tile is to be compared with: made anew for each of several tiles, kept where there is one."""
        if self._content_loss is None or self._content is None:
            return None
        stack = self._chain(part.plane)
        index = self._content_loss.tap - stack.first_tap
        if not 0 <= index < len(stack):
            return None
        tile_pass = self._content_pass if part.tile.alone else None
        if tile_pass is None:
            tile_pass = _tile_pass(stack, self.network.planes(self._content)[part.plane], part.tile, self._buffers)
            tile_pass.forward({}, depth=index + 1)
            tile_pass.release(but=index)
            self._content_pass = tile_pass if part.tile.alone else None
        size = stack.tap_size(index, Size(*plane.shape[-2:]))
        factor = self._content_loss.weight / (size.height * size.width * stack[index].channels)
        accurate = torch.promote_types(self.network.dtype, torch.float32)
        return FeatureContentTerm(index, tile_pass, factor, torch.zeros((), dtype=accurate, device=plane.device))

    def _chain(self, plane: int) -> ConvStack:
        stack = self.network.stacks[plane]
        assert isinstance(stack, ConvStack)
        return stack


def assemble(
    spec: Spec,
    network: Network,
    content: Tensor,
    style: Tensor | Sequence[Region],
    *,
    tiling: Tiling | None = None,
) -> Objective:
    """The objective of a spec for images (1, 3, H, W) in 0..1 on the network's device.

    `style` is one image for the whole picture, or the regions and their styles. The styles' statistics are taken in the
    precision of the network: those of another one would be another target.
    """
    tiling = tiling or Tiling()
    # A style that is larger than the content is cut as if it were the content, for whose size memory was found.
    side = tiling.side or Size(*content.shape[-2:])
    regions = (Region((StyleImage(style),)),) if isinstance(style, Tensor) else tuple(style)
    taps = set(spec.style_loss.taps)
    each = [_region_losses(spec.style_loss, network, region, taps, side) for region in regions]
    by_features = isinstance(spec.content_loss, FeatureContentLoss)
    return Objective(
        network,
        {tap: tuple(losses[tap] for losses in each) for tap in sorted(taps)},
        masks=tuple(region.mask for region in regions),
        content_loss=spec.content_loss if isinstance(spec.content_loss, FeatureContentLoss) else None,
        content=content.detach() if by_features else None,
        forms=LuminanceContentTerm(content.detach(), spec.content_loss)
        if isinstance(spec.content_loss, LuminanceContentLoss)
        else None,
        missing_colors=missing_colors(regions) if isinstance(spec.style_loss, WhitenedLoss) else (),
        smoothness=spec.smoothness if isinstance(spec.smoothness, TotalVariation) else None,
        tiling=tiling,
    )


def _region_losses(
    spec: GramLoss | WhitenedLoss, network: Network, region: Region, taps: set[int], side: Size
) -> dict[int, MomentLoss]:
    """A region's style loss by tap: for each of its pixels as much as if the region were the whole picture."""
    measured = [(statistics_of(network, one.pixels, taps, Tiling(side), one.mask), one.share) for one in region.samples]
    statistics = {tap: mix_moments([(of[tap], share) for of, share in measured]) for tap in taps}
    losses = style_losses(spec, statistics)
    if region.mask is None and region.weight == 1:
        return losses
    area = 1.0 if region.mask is None else float(region.mask.mean())
    return {tap: _weighted(area * region.weight, loss) for tap, loss in losses.items()}


def statistics_of(
    network: Network, image: Tensor, taps: set[int], tiling: Tiling, mask: Tensor | None = None
) -> dict[int, Moments]:
    """Moments of an image's (1, 3, H, W) features by tap, without a graph; under a mask (1, 1, H, W), if any."""
    size = Size(*image.shape[-2:])
    masks = RegionMasks(network, (mask,), size)

    def sums() -> dict[int, list[MomentAccumulator]]:
        with torch.no_grad():
            return accumulate(network, network.planes(image), taps, masks, tiling.side, held=0, buffers=BufferPool())[0]

    found = tiling.attempt(sums, size)
    return {tap: of.moments() for tap, (of,) in found.items()}


def accumulate(
    network: Network,
    planes: list[Tensor],
    taps: set[int],
    masks: RegionMasks,
    side: Size | None,
    held: int,
    buffers: BufferPool,
) -> tuple[dict[int, list[MomentAccumulator]], dict[_Part, TilePass]]:
    """The first pass: sums by tap and region, and the sweeps of the last `held` tiles.

    Of all tiles, where planes are not cut.
    """
    sums: dict[int, list[MomentAccumulator]] = {}
    kept: dict[_Part, TilePass] = {}
    parts = _parts(network, planes, side)
    for number, part in enumerate(parts):
        stack = network.stacks[part.plane]
        assert isinstance(stack, ConvStack)
        wanted = {}
        for index in range(len(stack)):
            if stack.first_tap + index in taps:
                layer = stack[index]
                new = [MomentAccumulator(layer.channels, layer.weight) for _ in range(masks.regions)]
                wanted[index] = sums.setdefault(stack.first_tap + index, new)
        tile_pass = _tile_pass(stack, planes[part.plane], part.tile, buffers, masks.within(part.plane, part.tile))
        tile_pass.forward(wanted)
        if held and (side is None or number >= len(parts) - held):
            kept[part] = tile_pass
        else:
            tile_pass.release()
    return sums, kept


def _parts(network: Network, planes: list[Tensor], side: Size | None) -> list[_Part]:
    return [
        _Part(number, tile)
        for number, (stack, plane) in enumerate(zip(network.stacks, planes, strict=True))
        for tile in tiles(stack, Size(*plane.shape[-2:]), side)  # type: ignore[arg-type]
    ]


def _tile_pass(
    stack: ConvStack, plane: Tensor, tile: Tile, buffers: BufferPool, masks: Sequence[Masks] | None = None
) -> TilePass:
    core = [tap_window(stack, index, tile) for index in range(len(stack))]
    return TilePass(stack, _cut(plane, tile.with_halo), core, buffers, masks)


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
