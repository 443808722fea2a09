"""A chain of layers over one plane: what follows what, what a map's size is, and how far a pixel reaches."""

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
"""Of sRGB values in 0..1; the paper's set-up normalizes with them even where nothing is trained."""

Activation = Literal["relu", "none"]
Pooling = Literal["none", "max", "average"]


def normalized(image: Tensor) -> Tensor:
    """An image (1, 3, H, W), sRGB in 0..1, in ImageNet's units and channels_last: what a first layer sees."""
    # torch.compile would trace into the cache and warn about it.
    constants = imagenet.__wrapped__ if torch.compiler.is_compiling() else imagenet
    mean, std = constants(image.device, image.dtype)
    return ((image - mean) / std).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def imagenet(device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Mean and deviation, (1, 3, 1, 1), kept on the device: a copy at every evaluation would wait for it each time."""
    with torch.inference_mode(False):  # what is kept may be needed for gradients later
        mean, std = (torch.tensor(numbers, dtype=dtype, device=device) for numbers in (IMAGENET_MEAN, IMAGENET_STD))
    return mean.view(1, 3, 1, 1), std.view(1, 3, 1, 1)


class Layer(nn.Module):
    """A convolution that keeps the size, and the activation and 2x2 pooling on the way to the next one.

    It holds buffers, so that no gradient is computed for its weights. A kernel of 3 is padded by one zero all
    round, a kernel of 2 by one on the right and at the bottom.
    """

    weight: Tensor
    bias: Tensor
    backward_weight: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, activation: Activation, pooling: Pooling) -> None:
        super().__init__()
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias)
        # The gradient for a convolution's input is a convolution with the kernel turned round.
        turned = weight.flip(2, 3).transpose(0, 1).contiguous(memory_format=torch.channels_last)
        self.register_buffer("backward_weight", turned)
        self.activation = activation
        self.pooling = pooling
        self.channels = weight.shape[0]
        kernel = weight.shape[-1]
        self.before, self.after = (kernel - 1) // 2, kernel // 2
        self.stride = 1 if pooling == "none" else 2

    def forward(self, x: Tensor) -> Tensor:
        """Features (1, c, H, W) of an input (1, c_in, H, W)."""
        return self.convolve(F.pad(x, (0, 0, self.before, self.after)) if self.before != self.after else x, whole=True)

    def convolve(self, x: Tensor, *, whole: bool = False) -> Tensor:
        """Features of some rows of the input, which come with the rows that the kernel reaches (not so if `whole`)."""
        if self.before == self.after:
            return F.conv2d(x, self.weight, self.bias, padding=(self.before if whole else 0, self.before))
        return F.conv2d(F.pad(x, (self.before, self.after)), self.weight, self.bias)

    def convolve_back(self, gradient: Tensor) -> Tensor:
        """The gradient for some rows of the input, from that of the features, which come with the rows in reach."""
        if self.before == self.after:
            return F.conv2d(gradient, self.backward_weight, padding=(0, self.after))
        return F.conv2d(F.pad(gradient, (self.after, self.before)), self.backward_weight)

    def activate_and_pool(self, features: Tensor) -> Tensor:
        """What the next layer sees of features (1, c, h, w): activated, then pooled."""
        if self.pooling == "max":
            features = F.max_pool2d(features, 2)  # first, as it commutes with ReLU, which then has a quarter to do
        if self.activation == "relu":
            features = F.relu(features)
        return F.avg_pool2d(features, 2) if self.pooling == "average" else features

    def activate_and_pool_into(self, target: Tensor, features: Tensor) -> None:
        """Write `onward` of features into a map of its size; without a graph, and without a copy where that goes."""
        if self.activation == "relu" and self.pooling != "average":
            pooled = features if self.pooling == "none" else F.max_pool2d(features, 2)
            torch.clamp_min(pooled, 0, out=target)
        else:
            target.copy_(self.activate_and_pool(features))

    def pooled_size(self, features: Size) -> Size:
        """Height and width of `onward` of such features."""
        return Size(features.height // self.stride, features.width // self.stride)

    def activate_and_pool_backward(self, gradient: Tensor, features: Tensor) -> Tensor:
        """The gradient for features (1, c, h, w) from that of `onward`, which is overwritten."""
        if self.pooling == "max":
            pooled, indices = F.max_pool2d_with_indices(features, (2, 2))
            gradient = self._through_activation(gradient, pooled)
            spread: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
                gradient, features, [2, 2], [2, 2], [0, 0], [1, 1], False, indices
            )
            return spread
        if self.pooling == "average":
            gradient = torch.ops.aten.avg_pool2d_backward(gradient, features, [2, 2], [2, 2], [0, 0], False, True, None)
        return self._through_activation(gradient, features)

    def _through_activation(self, gradient: Tensor, features: Tensor) -> Tensor:
        if self.activation == "relu":
            torch.ops.aten.threshold_backward.grad_input(gradient, features, 0, grad_input=gradient)
        return gradient


class Size(NamedTuple):
    """Height and width of a map."""

    height: int
    width: int


class ConvStack(nn.Module):
    """Layers one after the other over a plane (1, 3, H, W), each with a tap.

    Taps are numbered from `first_tap` on. A tap is the features before their activation (paper section 3), or,
    where `tap_after_pooling`, what `onward` makes of them (paper section 6.3). A plane of `pixels` is an sRGB image
    and is brought into ImageNet's units first. Every convolution pads with zeros. Where the plane comes `framed`, it
    has a margin of mirrored pixels as wide as a tap sees, and what lies there does not count: no tap sees a zero.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        first_tap: int = 1,
        tap_after_pooling: bool,
        pixels: bool,
        framed: bool = False,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.first_tap = first_tap
        self.tap_after_pooling = tap_after_pooling
        self.pixels = pixels
        self.margin = max(self.halo) if framed else 0

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> Layer:
        layer = self.layers[index]
        assert isinstance(layer, Layer)
        return layer

    def frame(self, plane: Tensor) -> Tensor:
        """A plane (1, c, h, w) with its margin, mirrored at its borders; differentiable."""
        return F.pad(plane, (self.margin,) * 4, mode="reflect") if self.margin else plane

    def framed_size(self, plane: Size) -> Size:
        """A plane's size with its margin."""
        return Size(plane.height + 2 * self.margin, plane.width + 2 * self.margin)

    def normalize(self, plane: Tensor) -> Tensor:
        """What the first layer sees of a plane or a part of it, in the precision of the weights."""
        plane = normalized(plane) if self.pixels else plane
        return plane.to(self[0].weight.dtype).contiguous(memory_format=torch.channels_last)

    def normalize_backward(self, gradient: Tensor) -> Tensor:
        """The gradient for a plane from that for what `enter` made of it."""
        return gradient / imagenet(gradient.device, gradient.dtype)[1] if self.pixels else gradient

    def forward(self, plane: Tensor) -> dict[int, Tensor]:
        """Feature maps {tap: (1, c, h, w)} of a plane (1, 3, H, W) with its margin, which they have not."""
        x = self.normalize(plane)
        taps: dict[int, Tensor] = {}
        for number in range(len(self)):
            layer = self[number]
            features = layer(x)
            last = number == len(self) - 1
            x = layer.activate_and_pool(features) if self.tap_after_pooling or not last else features
            taps[self.first_tap + number] = self._without_margin(
                number, x if self.tap_after_pooling else features, plane
            )
        return taps

    def _without_margin(self, index: int, maps: Tensor, plane: Tensor) -> Tensor:
        height, width = self.tap_size(index, Size(*plane.shape[-2:]))
        first = self.margin // self.tap_stride(index)
        return maps[..., first : first + height, first : first + width] if self.margin else maps

    @property
    def strides(self) -> list[int]:
        """How many pixels of the plane, a side, there are to one of each layer's features."""
        return list(accumulate((self[i].stride for i in range(len(self) - 1)), lambda a, b: a * b, initial=1))

    def tap_stride(self, index: int) -> int:
        """How many pixels of the plane, a side, there are to one of a layer's tap."""
        return self.strides[index] * (self[index].stride if self.tap_after_pooling else 1)

    @property
    def alignment(self) -> int:
        """Where the plane is cut, every map is cut between its pixels, if the place is a multiple of this."""
        return self.tap_stride(len(self) - 1)

    def sizes(self, plane: Size) -> list[Size]:
        """Sizes of each layer's features, with those of the margin."""
        return [Size(plane.height // stride, plane.width // stride) for stride in self.strides]

    def tap_size(self, index: int, plane: Size) -> Size:
        """Size of a layer's tap without the plane's margin."""
        stride = self.tap_stride(index)
        return Size((plane.height - 2 * self.margin) // stride, (plane.width - 2 * self.margin) // stride)

    @property
    def halo(self) -> tuple[int, int]:
        """How many pixels of the plane before and after its own a tap's pixel sees, rounded up to the alignment."""
        strides = self.strides
        before = sum(stride * self[number].before for number, stride in enumerate(strides))
        after = sum(stride * self[number].after for number, stride in enumerate(strides))
        return self._aligned(before), self._aligned(after)

    def _aligned(self, pixels: int) -> int:
        return -(-pixels // self.alignment) * self.alignment
