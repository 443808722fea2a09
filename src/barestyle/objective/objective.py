"""The objective: the loss of an image and its gradient, from a network, losses and targets.

A style loss depends on moments only, and moments add. So the first pass sums the moments tile by tile without a graph;
the loss and its small gradients for the moments are computed once; and the second pass takes these back to the pixels,
tile by tile. Loss and gradient are those of the whole image, up to rounding, however it is tiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from barestyle.losses.luminance_content import LuminanceContentTerm
from barestyle.losses.missing_colors import MissingColorTerm
from barestyle.losses.moments import MomentAccumulator, Moments
from barestyle.losses.total_variation import total_variation_loss
from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.buffer_pool import BufferPool
from barestyle.objective.feature_content import FeatureContentTerm
from barestyle.objective.moment_gradient import MomentGradient
from barestyle.objective.moment_pass import PlaneTile, accumulate_moments, cut_planes, start_tile_pass
from barestyle.objective.region_guides import RegionGuides
from barestyle.objective.region_masks import Masks, RegionMasks
from barestyle.objective.style_targets import MomentLoss
from barestyle.objective.tile_pass import TilePass
from barestyle.objective.tile_policy import Tiling
from barestyle.spec import FeatureContentLoss, TotalVariation


@dataclass(frozen=True)
class Evaluation:
    """Loss (a scalar), its parts by name (style, content, smoothness), and its gradient (1, 3, H, W)."""

    loss: Tensor
    parts: dict[str, Tensor]
    gradient: Tensor


class Objective:
    """The weighted losses of images (1, 3, H, W) under one network, with their targets.

    `style_losses` has for each tap one weighted loss for each region, and `masks` the regions, (1, 1, H, W) in 0..1 or
    None for the whole image; `guides` has the content's guide for each region, (1, k, h, w) at any size, or None.
    `content_loss` compares features with those of `content`, (1, 3, H, W);
    `luminance_content` and `missing_colors` contain their own targets. `tiling` says how planes are tiled, and is
    changed if memory runs out.
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
        smoothness: TotalVariation | None = None,
        tiling: Tiling | None = None,
    ) -> None:
        self.network = network
        self.tiling = tiling or Tiling()
        self._style_losses = style_losses
        self._masks = masks
        self._guides = (None,) * len(masks) if guides is None else tuple(guides)
        self._region_masks: RegionMasks | None = None
        self._region_guides: RegionGuides | None = None
        self._content_loss = content_loss
        self._content = content
        self._luminance_content = luminance_content
        self._missing_colors = missing_colors
        self._smoothness = smoothness
        self._content_pass: TilePass | None = None
        self._buffers = BufferPool()

    def evaluate(self, image: Tensor) -> Evaluation:
        """Return loss and gradient at an image (1, 3, H, W), whose values may be outside 0..1.

        If memory runs out, the tiles are made smaller and the evaluation is repeated. Raises RuntimeError if they
        cannot be smaller.
        """

        def evaluate() -> Evaluation:
            return self._evaluate(image.detach())

        return self.tiling.run_until_it_fits(evaluate, Size(*image.shape[-2:]), before_retry=self.release)

    def release(self) -> None:
        """Free the memory that is kept for the next evaluation."""
        self._buffers.clear()
        self._content_pass = None
        self._region_masks = self._region_guides = None

    def _evaluate(self, image: Tensor) -> Evaluation:
        leaf = image.requires_grad_(True)
        with torch.enable_grad():
            planes = self.network.split_into_planes(leaf)
        with torch.no_grad():
            detached = [plane.detach() for plane in planes]
            taps = set(self._style_losses)
            size = Size(*image.shape[-2:])
            if self._region_masks is None:
                self._region_masks = RegionMasks(self.network, self._masks, size)
            if self._region_guides is None:
                self._region_guides = RegionGuides(self.network, self._guides, size)
            accumulators, resident = accumulate_moments(
                self.network, detached, taps, self._region_masks, self._region_guides, self.tiling, self._buffers
            )
            style, moment_gradients = self._differentiate_style(accumulators)
            parts = {"style": style}
            gradients, content = self._backpropagate(detached, resident, moment_gradients)
            if content is not None:
                parts["content"] = content
        gradient = gradients[0] if planes[0] is leaf else _differentiate_planes(planes, gradients, leaf)
        gradient = gradient.contiguous()
        if self._luminance_content is not None:
            parts["content"] = self._luminance_content.add_gradient(leaf.detach(), gradient)
        for term in self._missing_colors:
            parts["style"] = parts["style"] + term.add_gradient(leaf.detach(), gradient)
        if self._smoothness is not None:
            smoothness = self._smoothness.weight * total_variation_loss(leaf)
            gradient += torch.autograd.grad(smoothness, leaf)[0]
            parts["smoothness"] = smoothness.detach()
        return Evaluation(torch.stack(list(parts.values())).sum(), parts, gradient)

    def _differentiate_style(
        self, accumulators: dict[int, list[MomentAccumulator]]
    ) -> tuple[Tensor, dict[int, list[MomentGradient]]]:
        """Return the style loss, and its gradients for the moments by tap and region."""
        leaves = []
        for tap, regions in accumulators.items():
            for region, (accumulator, loss) in enumerate(zip(regions, self._style_losses[tap], strict=True)):
                pixels, first, second = accumulator.moments
                leaf = Moments(pixels, first.requires_grad_(True), second.requires_grad_(True))
                leaves.append((tap, region, loss, leaf))
        with torch.enable_grad():
            total = torch.stack([loss(moments) for *_, loss, moments in leaves]).sum()
            tensors = [tensor for *_, moments in leaves for tensor in (moments.first, moments.second)]
            gradients = torch.autograd.grad(total, tensors, allow_unused=True)
        moment_gradients: dict[int, list[MomentGradient]] = {tap: [] for tap in accumulators}
        assert self._region_guides is not None
        for (tap, region, *_), first, second in zip(leaves, gradients[::2], gradients[1::2], strict=True):
            channels = len(second) - self._region_guides.channels[region]
            moment_gradients[tap].append(MomentGradient.from_joint(second, first, channels))
        return total.detach(), moment_gradients

    def _backpropagate(
        self,
        planes: list[Tensor],
        resident: dict[PlaneTile, TilePass],
        moment_gradients: dict[int, list[MomentGradient]],
    ) -> tuple[list[Tensor], Tensor | None]:
        """Return the gradient of each plane, and the content loss if there is one; this uses up the resident passes."""
        gradients: list[Tensor | None] = [None] * len(planes)
        content_losses: list[Tensor] = []
        # In reverse, so that the resident tiles come first, and their memory is free for the others.
        for plane_tile in reversed(cut_planes(self.network, planes, self.tiling.tile_size)):
            stack, plane, tile = self._stack(plane_tile.plane), planes[plane_tile.plane], plane_tile.tile
            tile_pass = resident.pop(plane_tile, None)
            if tile_pass is None:
                assert self._region_masks is not None
                assert self._region_guides is not None
                masks = self._region_masks.crop_to_tile(*plane_tile)
                guides = self._region_guides.crop_to_tile(*plane_tile)
                tile_pass = start_tile_pass(stack, plane, tile, self._buffers, masks, guides)
                tile_pass.forward({})
            content = self._build_content_term(plane_tile, plane)
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
            tile.with_halo.crop(whole).add_(gradient)
            gradients[plane_tile.plane] = whole
        content_loss = torch.stack(content_losses).sum() if content_losses else None
        return [gradient for gradient in gradients if gradient is not None], content_loss

    def _build_content_term(self, plane_tile: PlaneTile, plane: Tensor) -> FeatureContentTerm | None:
        """Return the content loss of a tile, or None without one in its plane.

        The content's features are computed again for each tile, and kept for the next evaluation if there is only one.
        """
        if self._content_loss is None or self._content is None:
            return None
        tile, stack = plane_tile.tile, self._stack(plane_tile.plane)
        index = self._content_loss.layer - stack.first_tap
        if not 0 <= index < len(stack):
            return None
        content_pass = self._content_pass if tile.is_only else None
        if content_pass is None:
            content_plane = self.network.split_into_planes(self._content)[plane_tile.plane]
            content_pass = start_tile_pass(stack, content_plane, tile, self._buffers)
            content_pass.forward({}, depth=index + 1)
            content_pass.release(keep=index)
            self._content_pass = content_pass if tile.is_only else None
        size = stack.tap_size(index, Size(*plane.shape[-2:]))
        factor = self._content_loss.weight / (size.height * size.width * stack[index].channels)
        accurate = torch.promote_types(self.network.dtype, torch.float32)
        return FeatureContentTerm(index, content_pass, factor, torch.zeros((), dtype=accurate, device=plane.device))

    def _stack(self, plane: int) -> ConvStack:
        stack = self.network.stacks[plane]
        assert isinstance(stack, ConvStack)
        return stack


def _differentiate_planes(planes: Sequence[Tensor], gradients: Sequence[Tensor], image: Tensor) -> Tensor:
    """Return the gradient for the image that planes were made of, from those for the planes.

    The same as `torch.autograd.grad(planes, image, gradients)`, which would import SymPy at its first call (0.3 s).
    """
    with torch.enable_grad():
        total = torch.stack([(plane * gradient).sum() for plane, gradient in zip(planes, gradients, strict=True)]).sum()
    return torch.autograd.grad(total, image)[0]
