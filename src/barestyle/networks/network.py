"""Networks as modules: an image becomes planes, and each plane goes through a stack of convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from barestyle.networks.conv_stack import ConvStack, Layer, Size, normalize_image


class Network(nn.Module):
    """An image (1, 3, H, W), sRGB in 0..1, to feature maps {tap: (1, c, h, w)}; no parameter is trained.

    A tap is the output of a layer, or of a level of a pyramid, that a loss can use; taps are numbered from 1. The
    image is split into planes, one for each stack of convolutions.
    """

    def __init__(self, stacks: Sequence[ConvStack]) -> None:
        super().__init__()
        self.stacks = nn.ModuleList(stacks)

    def split_image(self, image: Tensor) -> list[Tensor]:
        """Return the input (1, 3, h, w) of every stack, without margins; differentiable."""
        raise NotImplementedError

    def split_into_planes(self, image: Tensor) -> list[Tensor]:
        """Return the input of every stack with the stack's margin; differentiable."""
        inputs = self.split_image(image)
        return [stack.pad(plane) for stack, plane in zip(self.stacks, inputs, strict=True)]  # type: ignore[operator]

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Return feature maps by tap."""
        pairs = zip(self.stacks, self.split_into_planes(image), strict=True)
        return {tap: maps for stack, plane in pairs for tap, maps in stack(plane).items()}

    def plane_sizes(self, picture: Size) -> list[Size]:
        """Return the sizes of the planes, with their margins, of an image of this size."""
        raise NotImplementedError

    @property
    def halo(self) -> tuple[int, int]:
        """Pixels of a plane (before, after) a position that the pixel of any tap at this position depends on."""
        halos = [stack.halo for stack in self.stacks if isinstance(stack, ConvStack)]
        return max(before for before, _ in halos), max(after for _, after in halos)

    @property
    def dtype(self) -> torch.dtype:
        """Precision of weights and features."""
        return next(self.buffers()).dtype

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.buffers()).device


class Stack(Network):
    """A single stack of convolutions; tap i is the i-th before its activation (paper section 3)."""

    def __init__(self, layers: Sequence[Layer], *, padded: bool = False) -> None:
        super().__init__([ConvStack(layers, tap_after_pooling=False, pixels=True, padded=padded)])

    @property
    def layers(self) -> list[Layer]:
        """The layers, from the first to the deepest."""
        (stack,) = self.stacks
        assert isinstance(stack, ConvStack)
        return [stack[number] for number in range(len(stack))]

    def split_image(self, image: Tensor) -> list[Tensor]:
        """Return the image itself; the stack normalizes it."""
        return [image]

    def plane_sizes(self, picture: Size) -> list[Size]:
        """Return the size of the image with the margin."""
        (stack,) = self.stacks
        return [stack.padded_size(picture)]  # type: ignore[operator]


class PyramidNetwork(Network):
    """Every level of an image pyramid through the same convolution, activation and pooling (paper section 6.3).

    Tap i is level i after activation and pooling; level 1 has the full size.
    """

    def __init__(
        self, levels: Callable[[Tensor], list[Tensor]], layer: Layer, count: int, *, padded: bool = False
    ) -> None:
        super().__init__(
            [
                ConvStack([layer], first_tap=tap, tap_after_pooling=True, pixels=False, padded=padded)
                for tap in range(1, count + 1)
            ]
        )
        self.levels = levels

    def split_image(self, image: Tensor) -> list[Tensor]:
        """Return the levels of the normalized image."""
        return self.levels(normalize_image(image))

    def plane_sizes(self, picture: Size) -> list[Size]:
        """Return the size of every level with its margin; each side is half that of the level before."""
        halves = (Size(picture.height >> level, picture.width >> level) for level in range(len(self.stacks)))
        return [stack.padded_size(size) for stack, size in zip(self.stacks, halves, strict=True)]  # type: ignore[operator]
