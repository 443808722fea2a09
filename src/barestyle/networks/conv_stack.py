"""A stack of convolutions over one plane: its layers, the sizes of its maps, and how far a pixel reaches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Statistics of sRGB values in 0..1; the paper normalizes with them for untrained networks, too."""

Activation = Literal["relu", "none"]
Pooling = Literal["none", "max", "average"]


def normalize_image(image: Tensor) -> Tensor:
    """Return an image (1, 3, H, W), sRGB in 0..1, minus ImageNet's mean and over its deviation, in channels_last."""
    # torch.compile would trace into the cache and warn about it.
    constants = get_imagenet_constants.__wrapped__ if torch.compiler.is_compiling() else get_imagenet_constants
    mean, std = constants(image.device, image.dtype)
    return ((image - mean) / std).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def get_imagenet_constants(device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return mean and deviation, (1, 3, 1, 1), cached on the device to avoid a copy for every evaluation."""
    with torch.inference_mode(False):  # cached tensors may be used under autograd later
        mean, std = (torch.tensor(numbers, dtype=dtype, device=device) for numbers in (IMAGENET_MEAN, IMAGENET_STD))
    return mean.view(1, 3, 1, 1), std.view(1, 3, 1, 1)


class Layer(nn.Module):
    """A convolution that keeps the size, followed by its activation and 2x2 pooling.

    Weights are buffers, so that no gradient is computed for them. The input of a 3x3 kernel is padded by one zero on
    all sides, that of a 2x2 kernel by one on the right and at the bottom.
    """

    weight: Tensor
    bias: Tensor
    backward_weight: Tensor
    blockwise_weight: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor, activation: Activation, pooling: Pooling) -> None:
        super().__init__()
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias)
        # The gradient for a convolution's input is a convolution with the flipped kernel.
        flipped = weight.flip(2, 3).transpose(0, 1).contiguous(memory_format=torch.channels_last)
        self.register_buffer("backward_weight", flipped)
        # Few output channels leave most of a processor's vectors empty. Four neighboring pixels at once fill them.
        has_few_inputs = weight.shape[1] <= 4 and weight.shape[-1] % 2 == 1
        self.register_buffer("blockwise_weight", _expand_to_blocks(flipped) if has_few_inputs else None)
        self.activation = activation
        self.pooling = pooling
        self.channels = weight.shape[0]
        kernel = weight.shape[-1]
        self.before, self.after = (kernel - 1) // 2, kernel // 2
        self.stride = 1 if pooling == "none" else 2

    def forward(self, x: Tensor) -> Tensor:
        """Return features (1, c, H, W) of an input (1, c_in, H, W)."""
        return self.convolve(F.pad(x, (0, 0, self.before, self.after)) if self.before != self.after else x, whole=True)

    def convolve(self, x: Tensor, *, whole: bool = False) -> Tensor:
        """Return features of some rows; the input also has the rows above and below that the kernel reaches.

        With `whole` the input is complete, and is padded with zeros.
        """
        if self.before == self.after:
            return F.conv2d(x, self.weight, self.bias, padding=(self.before if whole else 0, self.before))
        return F.conv2d(F.pad(x, (self.before, self.after)), self.weight, self.bias)

    def convolve_back(self, gradient: Tensor) -> Tensor:
        """Return the gradient for some rows of the input; `gradient` also has the rows that the kernel reaches."""
        if self.before == self.after:
            return F.conv2d(gradient, self.backward_weight, padding=(0, self.after))
        return F.conv2d(F.pad(gradient, (self.after, self.before)), self.backward_weight)

    def convolve_back_full(self, gradient: Tensor) -> Tensor:
        """Return the gradient for all rows of the input on which some rows of features depend.

        `gradient`, (1, c, h, w), is of those rows of features; the result is (1, c_in, h + before + after, w).
        """
        if self.before != self.after:
            reach = self.before + self.after
            return self.convolve_back(F.pad(gradient, (0, 0, reach, reach)))
        padding = (2 * self.before, self.before)
        if self.blockwise_weight is None or gradient.shape[2] % 2 or gradient.shape[3] % 2:
            return F.conv2d(gradient, self.backward_weight, padding=padding)
        return F.pixel_shuffle(F.conv2d(gradient, self.blockwise_weight, stride=2, padding=padding), 2)

    def activate_and_pool(self, features: Tensor) -> Tensor:
        """Return the next layer's input of features (1, c, h, w): activated, then pooled."""
        if self.pooling == "max":
            features = F.max_pool2d(
                features, 2
            )  # before ReLU, with which it commutes and which then has a quarter of the work
        if self.activation == "relu":
            features = F.relu(features)
        return F.avg_pool2d(features, 2) if self.pooling == "average" else features

    def activate_and_pool_into(self, target: Tensor, features: Tensor) -> None:
        """Write `activate_and_pool(features)` into `target`, without a graph and, if possible, without a copy."""
        if self.activation == "relu" and self.pooling != "average":
            pooled = features if self.pooling == "none" else F.max_pool2d(features, 2)
            torch.clamp_min(pooled, 0, out=target)
        else:
            target.copy_(self.activate_and_pool(features))

    def pooled_size(self, features: Size) -> Size:
        """Return the size of features after pooling."""
        return Size(features.height // self.stride, features.width // self.stride)

    def activate_and_pool_backward(self, gradient: Tensor, features: Tensor) -> Tensor:
        """Return the gradient for features (1, c, h, w) from that of `activate_and_pool`, which is overwritten."""
        if self.pooling == "max":
            pooled, indices = F.max_pool2d_with_indices(features, (2, 2))
            gradient = self._through_activation(gradient, pooled)
            unpooled: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
                gradient, features, [2, 2], [2, 2], [0, 0], [1, 1], False, indices
            )
            return unpooled
        if self.pooling == "average":
            gradient = _average_pool_backward(gradient, features)
        return self._through_activation(gradient, features)

    def _through_activation(self, gradient: Tensor, features: Tensor) -> Tensor:
        if self.activation == "relu":
            torch.ops.aten.threshold_backward.grad_input(gradient, features, 0, grad_input=gradient)
        return gradient


def _expand_to_blocks(weight: Tensor) -> Tensor:
    """Return the kernel (4 c_out, c_in, k + 1, k + 1) of stride 2 that computes each 2x2 block of the output at once.

    The output has the order of `pixel_shuffle`; `weight` is (c_out, c_in, k, k).
    """
    places = [F.pad(weight, (x, 1 - x, y, 1 - y)) for y in (0, 1) for x in (0, 1)]
    return torch.stack(places, dim=1).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _average_pool_backward(gradient: Tensor, features: Tensor) -> Tensor:
    """Return the gradient for features (1, c, h, w) from that for their averages of 2x2, which is overwritten."""
    height, width = features.shape[-2:]
    if height % 2 == 0 and width % 2 == 0:
        # Several times as fast as avg_pool2d_backward, which fills its result with zeros first.
        return F.interpolate(gradient.mul_(0.25), scale_factor=2)
    unpooled: Tensor = torch.ops.aten.avg_pool2d_backward(gradient, features, [2, 2], [2, 2], [0, 0], False, True, None)
    return unpooled


class Size(NamedTuple):
    """Height and width of a map."""

    height: int
    width: int


class ConvStack(nn.Module):
    """Layers applied in order to a plane (1, 3, H, W), each with a tap.

    Args:
        layers: from the first to the deepest.
        first_tap: number of the first layer's tap; the others follow.
        tap_after_pooling: whether a tap is taken after activation and pooling (paper section 6.3), or before the
            activation (section 3).
        pixels: whether planes are sRGB images, which are normalized first.
        padded: whether planes have a margin of mirrored pixels as wide as the deepest tap sees. Then features of the
            margin are cut off, and no tap depends on the zeros with which every convolution pads.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        first_tap: int = 1,
        tap_after_pooling: bool,
        pixels: bool,
        padded: bool = False,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.first_tap = first_tap
        self.tap_after_pooling = tap_after_pooling
        self.pixels = pixels
        # Attributes of modules are looked up slowly, and these are needed for every band of every evaluation.
        self._layers = tuple(layers)
        self._strides = list(accumulate((layer.stride for layer in layers[:-1]), lambda a, b: a * b, initial=1))
        self.margin = max(self.halo) if padded else 0

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, index: int) -> Layer:
        return self._layers[index]

    def pad(self, plane: Tensor) -> Tensor:
        """Return a plane (1, c, h, w) with its margin of mirrored pixels; differentiable."""
        return F.pad(plane, (self.margin,) * 4, mode="reflect") if self.margin else plane

    def padded_size(self, plane: Size) -> Size:
        """Return the size of a plane with its margin."""
        return Size(plane.height + 2 * self.margin, plane.width + 2 * self.margin)

    def normalize(self, plane: Tensor) -> Tensor:
        """Return the first layer's input of a plane or of a part of it, in the precision of the weights."""
        plane = normalize_image(plane) if self.pixels else plane
        return plane.to(self[0].weight.dtype).contiguous(memory_format=torch.channels_last)

    def normalize_backward(self, gradient: Tensor) -> Tensor:
        """Return the gradient for a plane from that of `normalize`."""
        return gradient / get_imagenet_constants(gradient.device, gradient.dtype)[1] if self.pixels else gradient

    def forward(self, plane: Tensor) -> dict[int, Tensor]:
        """Return feature maps {tap: (1, c, h, w)}, without margin, of a plane (1, 3, H, W) with its margin."""
        x = self.normalize(plane)
        taps: dict[int, Tensor] = {}
        for number in range(len(self)):
            layer = self[number]
            features = layer(x)
            last = number == len(self) - 1
            x = layer.activate_and_pool(features) if self.tap_after_pooling or not last else features
            taps[self.first_tap + number] = self._crop_margin(number, x if self.tap_after_pooling else features, plane)
        return taps

    def _crop_margin(self, index: int, maps: Tensor, plane: Tensor) -> Tensor:
        height, width = self.tap_size(index, Size(*plane.shape[-2:]))
        first = self.margin // self.tap_stride(index)
        return maps[..., first : first + height, first : first + width] if self.margin else maps

    @property
    def strides(self) -> list[int]:
        """Pixels of the plane per pixel of each layer's features, along one side."""
        return self._strides

    def tap_stride(self, index: int) -> int:
        """Return the pixels of the plane per pixel of a layer's tap, along one side."""
        return self.strides[index] * (self[index].stride if self.tap_after_pooling else 1)

    @property
    def alignment(self) -> int:
        """A cut of the plane at a multiple of this many pixels falls between pixels in every map."""
        return self.tap_stride(len(self) - 1)

    def sizes(self, plane: Size) -> list[Size]:
        """Return the size of each layer's features, margin included."""
        return [Size(plane.height // stride, plane.width // stride) for stride in self.strides]

    def tap_size(self, index: int, plane: Size) -> Size:
        """Return the size of a layer's tap without the plane's margin."""
        stride = self.tap_stride(index)
        return Size((plane.height - 2 * self.margin) // stride, (plane.width - 2 * self.margin) // stride)

    @property
    def halo(self) -> tuple[int, int]:
        """Pixels of the plane (before, after) its position that a tap's pixel depends on, a multiple of `alignment`."""
        strides = self.strides
        before = sum(stride * self[number].before for number, stride in enumerate(strides))
        after = sum(stride * self[number].after for number, stride in enumerate(strides))
        return self._round_up(before), self._round_up(after)

    def _round_up(self, pixels: int) -> int:
        return -(-pixels // self.alignment) * self.alignment
