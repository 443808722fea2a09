"""One tile through a ConvStack: forward for its moments, backward for its gradient, in bands of rows.

Autograd would make dozens of passes over newly allocated memory. Here all work on a band is done while the band is in
the processor's cache: convolution and moments in the forward pass; convolution, activation and loss gradients in the
backward pass.

Features are stored before their activation. In the backward pass each map of features is overwritten, band by band, by
its gradient. The first layer's features are not stored: with three input channels they are cheaper to compute again
than to write and read.

The tap of a layer is where the losses read its features: before the activation or, in a stack of a single layer only,
after pooling. The backward pass through several layers supports only the former.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.hardware.devices import has_fast_bf16
from barestyle.losses.moments import MomentAccumulator
from barestyle.networks import ConvStack, Layer, Size
from barestyle.objective.buffer_pool import BufferPool
from barestyle.objective.feature_content import FeatureContentTerm
from barestyle.objective.moment_gradient import MomentGradient, add_style_gradient
from barestyle.objective.region_guides import Guides
from barestyle.objective.region_masks import Masks
from barestyle.objective.tile_grid import Window

BAND_VALUES = 2_000_000
"""Values in a band of features: 8 MB in float32, so that two cores' third-level cache holds it and what it becomes."""

EMULATED_BAND_VALUES = BAND_VALUES // 4
"""The same where bfloat16 is emulated: convolutions there copy each value once for every cell of the kernel."""


AccumulatorsByLayer = Mapping[int, Sequence[MomentAccumulator]]
GradientsByLayer = Mapping[int, Sequence[MomentGradient]]
"""Both map a layer's index in its stack to one accumulator, or one gradient, for each region."""


class TilePass:
    """The forward and backward pass of one tile of a plane, (1, 3, h, w) with its halo.

    `cores` has for each layer the window of its tap that counts in the losses; the rest is halo. `masks`, if given, has
    for each layer the regions' weights at its tap, (h, w) in 0..1, or None for weight 1. `guides`, if given, has for
    each layer the regions' guides at its tap, (1, k, h, w).
    """

    def __init__(
        self,
        stack: ConvStack,
        pixels: Tensor,
        cores: list[Window],
        buffers: BufferPool,
        masks: Sequence[Masks] | None = None,
        guides: Sequence[Guides] | None = None,
    ) -> None:
        self._stack = stack
        self._buffers = buffers
        self._pixels = stack.normalize(pixels)
        is_emulated = self._pixels.dtype == torch.bfloat16 and not has_fast_bf16(pixels.device)
        self._band_values = EMULATED_BAND_VALUES if is_emulated else BAND_VALUES
        self._cores = cores
        self._masks = masks
        self._guides = guides
        self._size = Size(*pixels.shape[-2:])
        self._sizes = stack.sizes(self._size)
        self._stored: dict[int, Tensor] = {}
        """By layer: its features, or, once the backward pass has reached it, their gradient."""

    def forward(self, accumulators: AccumulatorsByLayer, *, depth: int | None = None) -> None:
        """Compute and store the features of the first `depth` layers; add the core's moments to `accumulators`."""
        depth = len(self._stack) if depth is None else depth
        if depth == 1:
            for top, bottom in self._split_into_bands(0):
                self._accumulate_moments(0, self.read_rows(0, top, bottom), top, bottom, accumulators)
        for index in range(1, depth):
            shape = (1, self._stack[index].channels, *self._sizes[index])
            self._stored[index] = self._buffers.take(shape, like=self._pixels)
            for top, bottom in self._split_into_bands(index):
                inputs = self._compute_inputs(index, top, bottom, accumulators)
                features = self._stack[index].convolve(inputs)
                self._buffers.band_pool.give(inputs)
                self._stored[index][:, :, top:bottom] = features
                self._accumulate_moments(index, features, top, bottom, accumulators)

    def release(self, *, keep: int | None = None) -> None:
        """Give back the memory of all layers except `keep`."""
        for index in [index for index in self._stored if index != keep]:
            self._buffers.give(self._stored.pop(index))

    def backward(self, moment_gradients: GradientsByLayer, content: FeatureContentTerm | None = None) -> Tensor:
        """Return the losses' gradient for the normalized pixels of the tile, (1, 3, h, w).

        This uses up the features, and adds the content loss of the core to `content.squares`.

        Only the core's features have loss gradients, so the gradients of all tiles add up to the whole plane's.
        """
        gradient = torch.zeros_like(self._pixels, dtype=torch.promote_types(self._pixels.dtype, torch.float32))
        for index in reversed(range(len(self._stack))):
            for top, bottom in self._split_into_bands(index):
                features = self.read_rows(index, top, bottom)
                rows_gradient = self._compute_gradient(index, features, top, bottom, moment_gradients, content)
                if index:
                    features.copy_(rows_gradient)  # the features of these rows are no longer needed
                else:
                    self._add_to_pixel_gradient(gradient, rows_gradient, top, bottom)
            if index + 1 in self._stored:
                self._buffers.give(self._stored.pop(index + 1))
        return gradient

    def read_rows(self, index: int, top: int, bottom: int) -> Tensor:
        """Return rows of a layer's features, (1, c, bottom - top, w): a view, or computed again for the first layer."""
        if index:
            return self._stored[index][:, :, top:bottom]
        layer = self._stack[0]
        return layer.convolve(_pad_rows(self._pixels, top - layer.before, bottom + layer.after))

    def _split_into_bands(self, index: int) -> Iterator[tuple[int, int]]:
        """Yield the bands of a layer, (top, bottom); none ends between two rows that are pooled together.

        On a GPU the whole layer is one band; bands are made for the processor's cache.
        """
        height, width = self._sizes[index]
        rows = height
        if self._pixels.device.type == "cpu":
            rows = max(self._band_values // (self._stack[index].channels * width) // 2 * 2, 2)
        if self._stack[index].stride > 1 and height % 2:
            # The last row is dropped by pooling, so it cannot be a band.
            starts = list(range(0, max(height - 1, 1), rows))
        else:
            starts = list(range(0, height, rows))
        yield from zip(starts, [*starts[1:], height], strict=True)

    def _compute_inputs(self, index: int, top: int, bottom: int, accumulators: AccumulatorsByLayer) -> Tensor:
        """Return the input that a layer needs for a band of its features, in a buffer of the band pool.

        It is the activated and pooled features of the layer below, with rows of zeros above and below the tile;
        `convolve` pads the columns. As the first layer's features exist only here, this also adds their moments to
        `accumulators`.
        """
        layer, below = self._stack[index], self._stack[index - 1]
        height = self._sizes[index].height
        zeros_above, zeros_below = max(layer.before - top, 0), max(bottom + layer.after - height, 0)
        read_top = (top - layer.before + zeros_above) * below.stride
        read_bottom = (bottom + layer.after - zeros_below) * below.stride
        if index == 1 and 0 in accumulators:
            # The rows that bands read overlap by what the kernel reaches; each row counts in one band only.
            own_top = top * below.stride
            own_bottom = bottom * below.stride if bottom < height else self._sizes[0].height
            features = self.read_rows(0, read_top, max(read_bottom, own_bottom))
            own_features = features[:, :, own_top - read_top : own_bottom - read_top]
            self._accumulate_moments(0, own_features, own_top, own_bottom, accumulators)
            features = features[:, :, : read_bottom - read_top]
        else:
            features = self.read_rows(index - 1, read_top, read_bottom)
        pooled_height, width = below.pooled_size(Size(*features.shape[-2:]))
        shape = (1, below.channels, zeros_above + pooled_height + zeros_below, width)
        inputs = self._buffers.band_pool.take(shape, like=features)
        inputs[:, :, :zeros_above].zero_()
        inputs[:, :, zeros_above + pooled_height :].zero_()
        below.activate_and_pool_into(inputs[:, :, zeros_above : zeros_above + pooled_height], features)
        return inputs

    def _accumulate_moments(
        self, index: int, features: Tensor, top: int, bottom: int, accumulators: AccumulatorsByLayer
    ) -> None:
        """Add the moments of the core's part of a band to the layer's accumulators, one for each region."""
        if index not in accumulators:
            return
        if self._stack.tap_after_pooling:
            layer = self._stack[index]
            features, top, bottom = layer.activate_and_pool(features), top // layer.stride, bottom // layer.stride
        core = self._cores[index].clip_to_rows(top, bottom)
        if not core.has_rows:
            return
        core_features = core.crop(features)
        copied = None
        if core_features.shape[3] < features.shape[3]:
            # Parts of rows are not contiguous; the sums would each copy them, into newly allocated memory.
            batch, channels, height, width = core_features.shape
            copied = self._buffers.band_pool.take((batch, channels, height, width), like=core_features)
            core_features = copied.copy_(core_features)
        masks, guides = self._crop_masks(index, top, bottom), self._crop_guides(index, top, bottom)
        for number, accumulator in enumerate(accumulators[index]):
            mask, guide = masks[number], guides[number]
            weights = None if mask is None else mask[core.top : core.bottom, core.left : core.right]
            accumulator.add(core_features, weights, None if guide is None else core.crop(guide))
        if copied is not None:
            self._buffers.band_pool.give(copied)

    def _crop_masks(self, index: int, top: int, bottom: int) -> Masks:
        """Return each region's mask in some rows of a layer's tap."""
        masks = (None,) if self._masks is None else self._masks[index]
        return tuple(None if mask is None else mask[top:bottom] for mask in masks)

    def _crop_guides(self, index: int, top: int, bottom: int) -> Guides:
        """Return each region's guide in some rows of a layer's tap."""
        if self._guides is None:
            return (None,) * len(self._crop_masks(index, top, bottom))
        return tuple(None if guide is None else guide[:, :, top:bottom] for guide in self._guides[index])

    def _compute_gradient(
        self,
        index: int,
        features: Tensor,
        top: int,
        bottom: int,
        moment_gradients: GradientsByLayer,
        content: FeatureContentTerm | None,
    ) -> Tensor:
        """Return the gradient for a band of a layer's features: from the next layer, plus the losses' at its tap."""
        layer = self._stack[index]
        is_deepest = index == len(self._stack) - 1
        if content is not None and content.index != index:
            content = None
        target = None if content is None else content.target.read_rows(index, top, bottom)
        if self._stack.tap_after_pooling:
            target = None if target is None else layer.activate_and_pool(target)
            tapped = layer.activate_and_pool(features)
            gradient = torch.zeros_like(tapped)
            top, bottom = top // layer.stride, bottom // layer.stride
        else:
            tapped = features
            gradient = torch.zeros_like(features) if is_deepest else self._pull_gradient(index, features, top, bottom)
        core = self._cores[index].clip_to_rows(top, bottom)
        if core.has_rows:
            masks, guides = self._crop_masks(index, top, bottom), self._crop_guides(index, top, bottom)
            add_style_gradient(gradient, tapped, core, moment_gradients.get(index, ()), masks, guides)
            if content is not None and target is not None:
                content.add_gradient(core.crop(gradient), core.crop(tapped), core.crop(target))
        if self._stack.tap_after_pooling:
            return layer.activate_and_pool_backward(gradient, features)
        return gradient

    def _pull_gradient(self, index: int, features: Tensor, top: int, bottom: int) -> Tensor:
        """Return the gradient that the next layer, whose own is stored by now, passes to a band of features."""
        layer, above = self._stack[index], self._stack[index + 1]
        pooled_top, pooled_bottom = top // layer.stride, bottom // layer.stride
        gradients = _pad_rows(self._stored[index + 1], pooled_top - above.after, pooled_bottom + above.before)
        return layer.activate_and_pool_backward(above.convolve_back(gradients), features)

    def _add_to_pixel_gradient(self, gradient: Tensor, rows_gradient: Tensor, top: int, bottom: int) -> None:
        """Add to the gradient for the pixels what a band of the gradient for the first layer's features contributes.

        The kernel spreads it to a few rows of pixels above and below the band; rows outside the tile are dropped.
        """
        layer: Layer = self._stack[0]
        contribution = layer.convolve_back_full(rows_gradient)
        first = top - layer.before
        beyond_top, beyond_bottom = max(-first, 0), max(first + contribution.shape[2] - gradient.shape[2], 0)
        inside = contribution[:, :, beyond_top : contribution.shape[2] - beyond_bottom]
        gradient[:, :, first + beyond_top : first + beyond_top + inside.shape[2]] += inside


def _pad_rows(maps: Tensor, top: int, bottom: int) -> Tensor:
    """Return the rows from `top` to before `bottom` of a map, with zeros for those beyond its ends."""
    height = maps.shape[2]
    rows = maps[:, :, max(top, 0) : min(bottom, height)]
    zeros = max(-top, 0), max(bottom - height, 0)
    return F.pad(rows, (0, 0, *zeros)) if any(zeros) else rows
