"""The images and masks of an optimization at any of its sizes, and the pixels that stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from barestyle.images import resize
from barestyle.losses import Region, StyleImage
from barestyle.networks import Size
from barestyle.objective import Evaluation
from barestyle.optimize import Evaluate
from barestyle.run.stages import shrink_size


@dataclass(frozen=True)
class ScaledInputs:
    """Images (1, 3, h, w) in 0..1 and masks (1, 1, h, w) of an optimization, on its device.

    Attributes:
        content: the content image.
        regions: the styles and where each applies.
        base: the image that is changed: the content or another start; None to start from noise.
        keep: mask of the pixels that stay the content's.
    """

    content: Tensor
    regions: tuple[Region, ...]
    base: Tensor | None
    keep: Tensor | None = None

    @classmethod
    def from_images(cls, content: Tensor, style: Tensor) -> ScaledInputs:
        """Return the inputs for one style everywhere, starting from the content."""
        return cls(content, (Region((StyleImage(style),)),), content)

    @property
    def size(self) -> Size:
        """Height and width of the content."""
        return Size(*self.content.shape[-2:])

    def resize(self, size: Size) -> ScaledInputs:
        """Return all images shrunk by the same factor, so that the content has `size`."""
        if size == self.size:
            return self
        content = resize(self.content, *size)
        base = content if self.base is self.content else _resize_planes(self.base, size)
        factor = max(self.size) / max(size)
        regions = tuple(_shrink_region(region, size, factor) for region in self.regions)
        return ScaledInputs(content, regions, base, _resize_planes(self.keep, size))


def _shrink_region(region: Region, size: Size, factor: float) -> Region:
    """Return a region for a picture of `size`, its styles shrunk by a factor."""
    styles = []
    for style in region.styles:
        small = shrink_size(Size(*style.pixels.shape[-2:]), factor)
        pixels, mask = resize(style.pixels, *small), _resize_planes(style.mask, small)
        styles.append(replace(style, pixels=pixels, mask=mask))
    return replace(region, styles=tuple(styles), mask=_resize_planes(region.mask, size))


def _resize_planes(planes: Tensor | None, size: Size) -> Tensor | None:
    return None if planes is None else resize(planes, *size)


def upsample_change(image: Tensor, base: Tensor | None, larger_base: Tensor | None, size: Size) -> Tensor:
    """Return the image enlarged to `size`, (1, 3, h, w) in 0..1: the larger base plus the enlarged change of the base.

    So the larger base keeps its details, which an enlarged image would lose. Without a base the image is enlarged.
    """
    if tuple(image.shape[-2:]) == size:
        return image
    change = image if base is None else image - base
    change = F.interpolate(change, size, mode="bicubic", align_corners=False)
    return (change if larger_base is None else change.add_(larger_base)).clamp_(0, 1)


def protect_pixels(evaluate: Evaluate, inputs: ScaledInputs) -> Evaluate:
    """Wrap `evaluate` so that protected pixels come from the content.

    Where the mask is white the gradient is zero; where it is gray the image and the content are blended.
    """
    keep, content = inputs.keep, inputs.content
    if keep is None:
        return evaluate

    def evaluate_blend(image: Tensor) -> Evaluation:
        evaluation = evaluate(image.lerp(content, keep))
        return replace(evaluation, gradient=evaluation.gradient.mul_(1 - keep))

    return evaluate_blend
