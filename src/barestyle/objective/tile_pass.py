"""One tile through a chain, forwards for its moments and backwards for its gradient, in bands of rows.

What autograd would do with dozens of passes over memory that was just allocated is done here while a band is in
the processor's cache: convolution, moments, and on the way back convolution, activation and cotangents.
Features are kept before their activation, and their gradients then take their place. The first layer's are never
kept: three channels in, they are cheaper to make again than to write and read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.losses.moments import MomentAccumulator
from barestyle.losses.products import transformed
from barestyle.networks import ConvStack, Layer, Size
from barestyle.objective.buffer_pool import BufferPool
from barestyle.objective.feature_content import FeatureContentTerm
from barestyle.objective.region_masks import Masks
from barestyle.objective.tile_grid import Window

BAND = 2_000_000
"""Values in a band of features: 8 MB, which the third-level cache of two cores holds with what is made of it."""


@dataclass(frozen=True)
class MomentGradient:
    """A style loss's derivative by the moments of one tap, as the gradient needs it: f -> `matrix` f + `vector`.

    `matrix` (c, c) is the derivative by the second moments plus its transpose, `vector` (c,) that by the first, where
    the loss looks at those.
    """

    matrix: Tensor
    vector: Tensor | None


class TilePass:
    """A tile of one plane, (1, 3, h, w), at some precision.

    `own` says which pixels of each layer's tap count, and `masks`, where there are some, how much they count in each
    region: (h, w) in 0..1 at each layer's tap, None where all do.
    """

    def __init__(
        self,
        stack: ConvStack,
        seen: Tensor,
        core: list[Window],
        buffers: BufferPool,
        masks: Sequence[Masks] | None = None,
    ) -> None:
        self._chain = stack
        self._buffers = buffers
        self._x = stack.normalize(seen)
        self._own = core
        self._masks = masks
        self._size = Size(*seen.shape[-2:])
        self._sizes = stack.sizes(self._size)
        self._kept: dict[int, Tensor] = {}

    def forward(self, sums: Mapping[int, Sequence[MomentAccumulator]], *, depth: int | None = None) -> None:
        """Make the features of the first `depth` layers, and add to the sums by layer and region, if there are some."""
        depth = len(self._chain) if depth is None else depth
        if depth == 1:
            for top, bottom in self._bands(0):
                self._accumulate(0, self.rows(0, top, bottom), top, bottom, sums)
        for index in range(1, depth):
            shape = (1, self._chain[index].channels, *self._sizes[index])
            self._kept[index] = self._buffers.take(shape, like=self._x)
            for top, bottom in self._bands(index):
                inputs = self._inputs(index, top, bottom, sums)
                features = self._chain[index].convolve(inputs)
                self._buffers.bands.give(inputs)
                self._kept[index][:, :, top:bottom] = features
                self._accumulate(index, features, top, bottom, sums)

    def release(self, *, but: int | None = None) -> None:
        """Give back what `forward` has made of all layers but this one."""
        for index in [index for index in self._kept if index != but]:
            self._buffers.give(self._kept.pop(index))

    def backward(
        self, moment_gradients: Mapping[int, Sequence[MomentGradient]], content: FeatureContentTerm | None = None
    ) -> Tensor:
        """The gradient for what the first layer sees of the tile, (1, 3, h, w); the features are used up.

        Only the tile's own pixels count in the losses, so the gradients of all tiles add to the whole's.
        """
        gradient = torch.zeros_like(self._x, dtype=torch.promote_types(self._x.dtype, torch.float32))
        for index in reversed(range(len(self._chain))):
            for top, bottom in self._bands(index):
                features = self.rows(index, top, bottom)
                found = self._gradient(index, features, top, bottom, moment_gradients, content)
                if index:
                    features.copy_(found)  # nobody needs these rows' features any more
                else:
                    self._add_to_plane(gradient, found, top, bottom)
            if index + 1 in self._kept:
                self._buffers.give(self._kept.pop(index + 1))
        return gradient

    def rows(self, index: int, top: int, bottom: int) -> Tensor:
        """Some rows of a layer's features, (1, c, bottom - top, w): a view of what is kept; the first layer's anew."""
        if index:
            return self._kept[index][:, :, top:bottom]
        layer = self._chain[0]
        return layer.convolve(_padded_rows(self._x, top - layer.before, bottom + layer.after))

    def _gradient(
        self,
        index: int,
        features: Tensor,
        top: int,
        bottom: int,
        moment_gradients: Mapping[int, Sequence[MomentGradient]],
        content: FeatureContentTerm | None,
    ) -> Tensor:
        """Of some rows of a layer's features."""
        layer = self._chain[index]
        last = index == len(self._chain) - 1
        match = content if content is not None and content.index == index else None
        if self._chain.tap_after_pooling:
            seen = layer.activate_and_pool(features)
            stride = layer.stride
            core = _within(self._own[index], top // stride, bottom // stride)
            target = None if match is None else layer.activate_and_pool(match.target.rows(index, top, bottom))
            masks = self._masks_of(index, top // stride, bottom // stride)
            at_tap = _losses(torch.zeros_like(seen), seen, core, moment_gradients.get(index, ()), masks, match, target)
            return layer.activate_and_pool_backward(at_tap, features)
        upstream = torch.zeros_like(features) if last else self._upstream(index, features, top, bottom)
        core = _within(self._own[index], top, bottom)
        target = None if match is None else match.target.rows(index, top, bottom)
        masks = self._masks_of(index, top, bottom)
        return _losses(upstream, features, core, moment_gradients.get(index, ()), masks, match, target)

    def _masks_of(self, index: int, top: int, bottom: int) -> Masks:
        """Each region's mask in some rows of a layer's tap."""
        masks = (None,) if self._masks is None else self._masks[index]
        return tuple(None if mask is None else mask[top:bottom] for mask in masks)

    def _bands(self, index: int) -> Iterator[tuple[int, int]]:
        """Rows of a layer, in bands that end between the pixels of what it is pooled to."""
        height, width = self._sizes[index]
        rows = height
        if self._x.device.type == "cpu":
            rows = max(BAND // (self._chain[index].channels * width) // 2 * 2, 2)
        if self._chain[index].stride > 1 and height % 2:
            # A last row that is pooled to nothing is no band of its own.
            starts = list(range(0, max(height - 1, 1), rows))
        else:
            starts = list(range(0, height, rows))
        yield from zip(starts, [*starts[1:], height], strict=True)

    def _inputs(self, index: int, top: int, bottom: int, sums: Mapping[int, Sequence[MomentAccumulator]]) -> Tensor:
        """What a layer sees for some rows of its features, a buffer. On its way, the first layer is measured."""
        layer, below = self._chain[index], self._chain[index - 1]
        height = self._sizes[index].height
        lack_above, lack_below = max(layer.before - top, 0), max(bottom + layer.after - height, 0)
        first = (top - layer.before + lack_above) * below.stride
        last = (bottom + layer.after - lack_below) * below.stride
        if index == 1 and 0 in sums:
            end = bottom * below.stride if bottom < height else self._sizes[0].height
            features = self.rows(0, first, max(last, end))
            own_top = top * below.stride
            self._accumulate(0, features[:, :, own_top - first : end - first], own_top, end, sums)
            features = features[:, :, : last - first]
        else:
            features = self.rows(index - 1, first, last)
        height, width = below.pooled_size(Size(*features.shape[-2:]))
        inputs = self._buffers.bands.take((1, below.channels, lack_above + height + lack_below, width), like=features)
        inputs[:, :, :lack_above].zero_()
        inputs[:, :, lack_above + height :].zero_()
        below.activate_and_pool_into(inputs[:, :, lack_above : lack_above + height], features)
        return inputs

    def _accumulate(
        self, index: int, features: Tensor, top: int, bottom: int, sums: Mapping[int, Sequence[MomentAccumulator]]
    ) -> None:
        if index not in sums:
            return
        if self._chain.tap_after_pooling:
            layer = self._chain[index]
            features, top, bottom = layer.activate_and_pool(features), top // layer.stride, bottom // layer.stride
        core = _within(self._own[index], top, bottom)
        if core.top >= core.bottom:
            return
        seen = _cut(features, core)
        copied = None
        if seen.shape[3] < features.shape[3]:
            batch, channels, height, width = seen.shape
            seen = copied = self._buffers.bands.take((batch, channels, height, width), like=seen).copy_(seen)
        for of, mask in zip(sums[index], self._masks_of(index, top, bottom), strict=True):
            of.add(seen, None if mask is None else mask[core.top : core.bottom, core.left : core.right])
        if copied is not None:
            self._buffers.bands.give(copied)

    def _upstream(self, index: int, features: Tensor, top: int, bottom: int) -> Tensor:
        """The gradient that comes from the next layer to some rows of features; that layer's are gradients by now."""
        layer, above = self._chain[index], self._chain[index + 1]
        first, last = top // layer.stride, bottom // layer.stride
        gradients = _padded_rows(self._kept[index + 1], first - above.after, last + above.before)
        return layer.activate_and_pool_backward(above.convolve_back(gradients), features)

    def _add_to_plane(self, gradient: Tensor, found: Tensor, top: int, bottom: int) -> None:
        """Add what rows of the first layer's gradient mean for the plane, which reaches beyond these rows."""
        layer: Layer = self._chain[0]
        halo = layer.before + layer.after
        part = layer.convolve_back(F.pad(found, (0, 0, halo, halo)))
        first = top - layer.before
        lack_above, lack_below = max(-first, 0), max(first + part.shape[2] - gradient.shape[2], 0)
        kept = part[:, :, lack_above : part.shape[2] - lack_below]
        gradient[:, :, first + lack_above : first + lack_above + kept.shape[2]] += kept


def _losses(
    gradient: Tensor,
    features: Tensor,
    core: Window,
    moment_gradients: Sequence[MomentGradient],
    masks: Masks,
    match: FeatureContentTerm | None,
    target: Tensor | None,
) -> Tensor:
    """Add the losses' own gradients to that of some rows, in place where that is possible."""
    if core.top >= core.bottom:
        return gradient
    for moment_gradient, mask in zip(moment_gradients, masks if moment_gradients else (), strict=True):
        if mask is not None and not bool(mask.any()):
            continue
        rows = features[:, :, core.top : core.bottom]  # whole rows, of which no copy has to be made
        found = transformed(rows, moment_gradient.matrix, moment_gradient.vector)
        if mask is not None:
            found *= mask[core.top : core.bottom].to(found.dtype)
        _cut(gradient, core).add_(found[..., core.left : core.right])
    if match is not None and target is not None:
        match.add(_cut(gradient, core), _cut(features, core), _cut(target, core))
    return gradient


def _within(core: Window, top: int, bottom: int) -> Window:
    """A window's part in some rows, counted from the first of them."""
    return Window(max(core.top, top) - top, min(core.bottom, bottom) - top, core.left, core.right)


def _cut(maps: Tensor, window: Window) -> Tensor:
    return maps[:, :, window.top : window.bottom, window.left : window.right]


def _padded_rows(maps: Tensor, top: int, bottom: int) -> Tensor:
    """Rows of a map, those beyond its ends being zero."""
    height = maps.shape[2]
    rows = maps[:, :, max(top, 0) : min(bottom, height)]
    lack = max(-top, 0), max(bottom - height, 0)
    return F.pad(rows, (0, 0, *lack)) if any(lack) else rows
