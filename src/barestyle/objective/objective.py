"""The objective: the loss of an image and its gradient, from a network, losses and targets.

A style loss depends on moments only, and moments add. So the first pass sums the moments tile by tile without a graph;
the loss and its small gradients for the moments are computed once; and the second pass takes these back to the pixels,
tile by tile. Loss and gradient are those of the whole image, up to rounding, however it is tiled, and on however many
processes: each of them has some rows of the image, and moments add over processes as they do over tiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from barestyle.distributed import HaloExchange, RowShard
from barestyle.losses.color_bound import ColorBoundTerm
from barestyle.losses.luminance_content import LuminanceContentTerm
from barestyle.losses.missing_colors import MissingColorTerm
from barestyle.losses.moments import Moments
from barestyle.losses.temporal import TemporalTerm
from barestyle.losses.total_variation import add_total_variation
from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.buffer_pool import BufferPool
from barestyle.objective.feature_content import FeatureContentTerm
from barestyle.objective.moment_gradient import MomentGradient
from barestyle.objective.moment_pass import (
    PlaneTile,
    accumulate_moments,
    crop_to_tile,
    cut_planes,
    start_tile_pass,
    sum_moments,
)
from barestyle.objective.plane_parts import PlaneRows
from barestyle.objective.region_guides import RegionGuides
from barestyle.objective.region_masks import Masks, RegionMasks
from barestyle.objective.style_targets import MomentLoss
from barestyle.objective.tile_pass import TilePass
from barestyle.objective.tile_policy import Tiling
from barestyle.spec import FeatureContentLoss, TotalVariation


@dataclass(frozen=True)
class Evaluation:
    """Loss (a scalar), its parts by name (style, content, smoothness, temporal), and its gradient (1, 3, H, W).

    If the image is split among processes, loss and parts are those of the whole image, and the gradient is that for
    this process's rows.
    """

    loss: Tensor
    parts: dict[str, Tensor]
    gradient: Tensor


@dataclass(frozen=True)
class Layout:
    """What an objective needs to know of an image besides its pixels.

    Attributes:
        own_size: of this process's rows of the image.
        shard: which rows each process has.
        rows: the rows of the planes that this process computes with.
        masks, guides: of every region.
        below: the way to this process's rows and the one below them.
        content: the content's rows that the planes are computed from, or None without a loss of its features.
    """

    own_size: Size
    shard: RowShard
    rows: PlaneRows
    masks: RegionMasks
    guides: RegionGuides
    below: HaloExchange
    content: Tensor | None


class Objective:
    """The weighted losses of images (1, 3, H, W) under one network, with their targets.

    `style_losses` has for each tap one weighted loss for each region, and `masks` the regions, (1, 1, H, W) in 0..1 or
    None for the whole image; `guides` has the content's guide for each region, (1, k, h, w) at any size, or None.
    `content_loss` compares features with those of `content`, (1, 3, H, W); `luminance_content`, `missing_colors`,
    `color_bounds` and `temporal` contain their own targets. `tiling` says how planes are tiled, and is changed if
    memory runs out. With `shard`, images, masks and content are the rows that this process has.
    """

    def __init__(
        self,
        network: Network,
        style_losses: Mapping[int, Sequence[MomentLoss]],
        *,
        masks: Masks = (None,),
        guides: Sequence[Tensor | None] | None = None,
        content_loss: FeatureContentLoss | None = None,
        content: Tensor | None = None,
        luminance_content: LuminanceContentTerm | None = None,
        missing_colors: Sequence[MissingColorTerm] = (),
        color_bounds: Sequence[ColorBoundTerm] = (),
        smoothness: TotalVariation | None = None,
        temporal: TemporalTerm | None = None,
        tiling: Tiling | None = None,
        shard: RowShard | None = None,
    ) -> None:
        self.network = network
        self.shard = shard
        self.tiling = tiling or Tiling()
        self._style_losses = style_losses
        self._masks = masks
        self._guides = (None,) * len(masks) if guides is None else tuple(guides)
        self._layout: Layout | None = None
        self._content_loss = content_loss
        self._content = content
        self._luminance_content = luminance_content
        self._color_terms: tuple[MissingColorTerm | ColorBoundTerm, ...] = (*missing_colors, *color_bounds)
        self._smoothness = smoothness
        self._temporal = temporal
        self._content_pass: TilePass | None = None
        self._buffers = BufferPool()

    def evaluate(self, image: Tensor) -> Evaluation:
        """Return loss and gradient at an image (1, 3, H, W), whose values may be outside 0..1.

        If memory runs out, the tiles are made smaller and the evaluation is repeated. Raises RuntimeError if they
        cannot be smaller, or the image is split among processes.
        """

        def evaluate() -> Evaluation:
            return self._evaluate(image.detach())

        can_retry = self.shard is None or not self.shard.is_split
        size = Size(*image.shape[-2:])
        return self.tiling.run_until_it_fits(evaluate, size, before_retry=self.release, can_retry=can_retry)

    def release(self) -> None:
        """Free the memory that is kept for the next evaluation."""
        self._buffers.clear()
        self._content_pass = self._layout = None

    def _evaluate(self, image: Tensor) -> Evaluation:
        layout = self._lay_out(image)
        rows = layout.rows
        with torch.no_grad():
            planes = rows.split(rows.gather(image))
            accumulators, resident = accumulate_moments(
                self.network,
                planes,
                rows.parts,
                set(self._style_losses),
                layout.masks,
                layout.guides,
                self.tiling,
                self._buffers,
            )
            style, moment_gradients = self._differentiate_style(sum_moments(accumulators, layout.shard), layout)
            # Each process computes the same style loss; it must count once.
            parts = {"style": style if layout.shard.group.rank == 0 else torch.zeros_like(style)}
            gradients, content = self._backpropagate(layout, planes, resident, moment_gradients)
            if content is not None:
                parts["content"] = content
            del planes  # large images need the memory
            gradient = rows.add_back(gradients).contiguous()
        self._add_pixel_losses(layout, image.detach(), gradient, parts)
        if layout.shard.is_split:
            total = layout.shard.sum(torch.stack([part.double() for part in parts.values()]))
            parts = dict(zip(parts, total.to(style.dtype), strict=True))
        return Evaluation(torch.stack(list(parts.values())).sum(), parts, gradient)

    def _lay_out(self, image: Tensor) -> Layout:
        """Return what depends on the image's size only; it is kept for the next evaluation."""
        if self._layout is None or self._layout.own_size != Size(*image.shape[-2:]):
            is_split = self.shard is not None and self.shard.is_split
            shard = self.shard if self.shard is not None and is_split else RowShard.split(image.shape[-2])
            rows = PlaneRows(self.network, Size(shard.height, image.shape[-1]), shard)
            masks = RegionMasks(self.network, self._masks, shard, rows.parts)
            below = HaloExchange(shard, (shard.top, min(shard.bottom + 1, shard.height)))
            content = None if self._content is None else rows.gather(self._content)
            guides = RegionGuides(self.network, self._guides, rows.parts)
            own_size = Size(*image.shape[-2:])
            self._layout = Layout(own_size, shard, rows, masks, guides, below, content)
        return self._layout

    def _add_pixel_losses(self, layout: Layout, image: Tensor, gradient: Tensor, parts: dict[str, Tensor]) -> None:
        """Add the gradients of the losses of the pixels themselves, and this process's share of these losses."""
        if self._luminance_content is not None:
            parts["content"] = self._luminance_content.add_gradient(image, gradient)
        for term in self._color_terms:
            parts["style"] = parts["style"] + term.add_gradient(image, gradient)
        if self._smoothness is not None:
            parts["smoothness"] = add_total_variation(image, gradient, self._smoothness.weight, layout.below)
        if self._temporal is not None:
            parts["temporal"] = self._temporal.add_gradient(image, gradient)

    def _differentiate_style(
        self, moments_by_tap: dict[int, list[Moments]], layout: Layout
    ) -> tuple[Tensor, dict[int, list[MomentGradient]]]:
        """Return the style loss, and its gradients for the moments by tap and region."""
        leaves = []
        for tap, regions in moments_by_tap.items():
            for region, ((pixels, first, second), loss) in enumerate(
                zip(regions, self._style_losses[tap], strict=True)
            ):
                leaf = Moments(pixels, first.requires_grad_(True), second.requires_grad_(True))
                leaves.append((tap, region, loss, leaf))
        with torch.enable_grad():
            total = torch.stack([loss(moments) for *_, loss, moments in leaves]).sum()
            tensors = [tensor for *_, moments in leaves for tensor in (moments.first, moments.second)]
            gradients = torch.autograd.grad(total, tensors, allow_unused=True)
        moment_gradients: dict[int, list[MomentGradient]] = {tap: [] for tap in moments_by_tap}
        for (tap, region, *_), first, second in zip(leaves, gradients[::2], gradients[1::2], strict=True):
            channels = len(second) - layout.guides.channels[region]
            moment_gradients[tap].append(MomentGradient.from_joint(second, first, channels))
        return total.detach(), moment_gradients

    def _backpropagate(
        self,
        layout: Layout,
        planes: list[Tensor],
        resident: dict[PlaneTile, TilePass],
        moment_gradients: dict[int, list[MomentGradient]],
    ) -> tuple[list[Tensor], Tensor | None]:
        """Return the gradient of each plane, and the content loss if there is one; this uses up the resident passes.

        Both are those of this process's parts.
        """
        gradients: list[Tensor | None] = [None] * len(planes)
        content_losses: list[Tensor] = []
        # In reverse, so that the resident tiles come first, and their memory is free for the others.
        for plane_tile in reversed(cut_planes(self.network, layout.rows.parts, self.tiling.tile_size)):
            stack, plane, tile = self._stack(plane_tile.plane), planes[plane_tile.plane], plane_tile.tile
            part = layout.rows.parts[plane_tile.plane]
            tile_pass = resident.pop(plane_tile, None)
            if tile_pass is None:
                masks, guides = layout.masks.crop_to_tile(*plane_tile), layout.guides.crop_to_tile(*plane_tile)
                pixels = crop_to_tile(plane, part, tile)
                tile_pass = start_tile_pass(stack, pixels, tile, self._buffers, masks, guides)
                tile_pass.forward({})
            content = self._build_content_term(layout, plane_tile)
            by_layer = {tap - stack.first_tap: by_region for tap, by_region in moment_gradients.items()}
            gradient = stack.normalize_backward(tile_pass.backward(by_layer, content)).to(plane.dtype)
            if content is not None:
                content_losses.append(content.loss)
                if content.target is not self._content_pass:
                    content.target.release()
            if tile.is_only:
                gradients[plane_tile.plane] = gradient.contiguous()
                continue
            whole = gradients[plane_tile.plane]
            whole = torch.zeros_like(plane, memory_format=torch.contiguous_format) if whole is None else whole
            crop_to_tile(whole, part, tile).add_(gradient)
            gradients[plane_tile.plane] = whole
        content_loss = torch.stack(content_losses).sum() if content_losses else None
        if content_loss is None and self._content_loss is not None:
            content_loss = planes[0].new_zeros(())  # this process has no tile of that layer
        filled = [
            torch.zeros_like(plane) if gradient is None else gradient
            for plane, gradient in zip(planes, gradients, strict=True)
        ]
        return filled, content_loss

    def _build_content_term(self, layout: Layout, plane_tile: PlaneTile) -> FeatureContentTerm | None:
        """Return the content loss of a tile, or None without one in its plane.

        The content's features are computed again for each tile, and kept for the next evaluation if there is only one.
        """
        if self._content_loss is None or layout.content is None:
            return None
        tile, stack, part = plane_tile.tile, self._stack(plane_tile.plane), layout.rows.parts[plane_tile.plane]
        index = self._content_loss.layer - stack.first_tap
        if not 0 <= index < len(stack):
            return None
        content_pass = self._content_pass if tile.is_only else None
        if content_pass is None:
            content_plane = layout.rows.split(layout.content)[plane_tile.plane]
            content_pass = start_tile_pass(stack, crop_to_tile(content_plane, part, tile), tile, self._buffers)
            content_pass.forward({}, depth=index + 1)
            content_pass.release(keep=index)
            self._content_pass = content_pass if tile.is_only else None
        size = stack.tap_size(index, part.size)
        factor = self._content_loss.weight / (size.height * size.width * stack[index].channels)
        accurate = torch.promote_types(self.network.dtype, torch.float32)
        squares = torch.zeros((), dtype=accurate, device=layout.content.device)
        return FeatureContentTerm(index, content_pass, factor, squares)

    def _stack(self, plane: int) -> ConvStack:
        stack = self.network.stacks[plane]
        assert isinstance(stack, ConvStack)
        return stack
