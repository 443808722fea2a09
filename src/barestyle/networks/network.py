"""Networks as modules: an image becomes planes, and each plane goes through a stack of convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from barestyle.distributed import Span
from barestyle.networks.conv_stack import ConvStack, Layer, Size, normalize_image
from barestyle.networks.pyramids import PyramidRows, build_gaussian_pyramid, build_laplacian_pyramid
from barestyle.networks.row_padding import RowPadding


@dataclass(frozen=True)
class PlaneSlicer:
    """How some rows of every plane are computed from rows of the image, and the way back for gradients.

    Attributes:
        image_rows: the rows of the image that are needed.
        split: takes them, and returns the rows of every plane.
        split_backward: takes the gradients for the rows of every plane, and returns that for the rows of the image.
    """

    image_rows: Span
    split: Callable[[Tensor], list[Tensor]]
    split_backward: Callable[[Sequence[Tensor]], Tensor]


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

    def slice_planes(self, picture: Size, needed: Sequence[Span]) -> PlaneSlicer:
        """Return how to compute some rows of every plane, with its margin, of an image of a size.

        The values are those of `split_into_planes`. Images that do not fit into memory are never there as a whole.
        """
        raise NotImplementedError

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

    def slice_planes(self, picture: Size, needed: Sequence[Span]) -> PlaneSlicer:
        """Return how to compute some rows of the image with its margin."""
        (stack,), (rows,) = self.stacks, needed
        assert isinstance(stack, ConvStack)
        padding = RowPadding(stack, picture.height, rows)
        return PlaneSlicer(
            padding.source_rows,
            lambda image: [padding.pad(image)],
            lambda gradients: padding.pad_backward(gradients[0]),
        )


class PyramidNetwork(Network):
    """Every level of an image pyramid through the same convolution, activation and pooling (paper section 6.3).

    Tap i is level i after activation and pooling; level 1 has the full size.
    """

    def __init__(self, layer: Layer, count: int, *, levels: int, is_laplacian: bool, padded: bool = False) -> None:
        """Take the layer, the number of levels that are used, and which pyramid they are from.

        It has `levels` levels even if the last are not used: the last of a Laplacian pyramid is a Gaussian level.
        """
        super().__init__(
            [
                ConvStack([layer], first_tap=tap, tap_after_pooling=True, pixels=False, padded=padded)
                for tap in range(1, count + 1)
            ]
        )
        self._levels = levels
        self._is_laplacian = is_laplacian

    def split_image(self, image: Tensor) -> list[Tensor]:
        """Return the levels of the normalized image."""
        build = build_laplacian_pyramid if self._is_laplacian else build_gaussian_pyramid
        return build(normalize_image(image), self._levels)[: len(self.stacks)]

    def plane_sizes(self, picture: Size) -> list[Size]:
        """Return the size of every level with its margin; each side is half that of the level before."""
        pairs = zip(self.stacks, self._level_sizes(picture), strict=True)
        return [stack.padded_size(size) for stack, size in pairs]  # type: ignore[operator]

    def _level_sizes(self, picture: Size) -> list[Size]:
        return [Size(picture.height >> level, picture.width >> level) for level in range(len(self.stacks))]

    def slice_planes(self, picture: Size, needed: Sequence[Span]) -> PlaneSlicer:
        """Return how to compute some rows of every level with its margin."""
        if all(rows == (0, plane.height) for rows, plane in zip(needed, self.plane_sizes(picture), strict=True)):
            return self._slice_by_autograd((0, picture.height), self.split_into_planes)
        stacks = [stack for stack in self.stacks if isinstance(stack, ConvStack)]
        heights = [size.height for size in self._level_sizes(picture)]
        paddings = [RowPadding(*each) for each in zip(stacks, heights, needed, strict=True)]
        below = [padding.source_rows for padding in paddings]
        pyramid = PyramidRows(picture, self._levels, below, is_laplacian=self._is_laplacian)

        def split(rows: Tensor) -> list[Tensor]:
            levels = pyramid.build(normalize_image(rows))
            return [padding.pad(level) for padding, level in zip(paddings, levels, strict=True)]

        return self._slice_by_autograd(pyramid.image_rows, split)

    def _slice_by_autograd(self, image_rows: Span, split: Callable[[Tensor], list[Tensor]]) -> PlaneSlicer:
        """Return a slicer whose gradients are those of a graph, which is kept until they are computed.

        It is the graph of the last image that was split, which may be another one: pyramids are linear.
        """
        graph: list[tuple[Tensor, list[Tensor]]] = []

        def split_with_graph(rows: Tensor) -> list[Tensor]:
            leaf = rows.detach().requires_grad_(True)
            with torch.enable_grad():
                planes = split(leaf)
            graph[:] = [(leaf, planes)]
            return [plane.detach() for plane in planes]

        def split_backward(gradients: Sequence[Tensor]) -> Tensor:
            ((leaf, planes),) = graph
            graph.clear()
            return differentiate(planes, gradients, leaf)

        return PlaneSlicer(image_rows, split_with_graph, split_backward)


def differentiate(planes: Sequence[Tensor], gradients: Sequence[Tensor], image: Tensor) -> Tensor:
    """Return the gradient for the image that planes were made of, from those for the planes.

    The same as `torch.autograd.grad(planes, image, gradients)`, which would import SymPy at its first call (0.3 s).
    """
    with torch.enable_grad():
        total = torch.stack([(plane * gradient).sum() for plane, gradient in zip(planes, gradients, strict=True)]).sum()
    return torch.autograd.grad(total, image)[0]
