"""The pictures of a search at any of its sizes, and what of the content stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from barestyle.images import resized
from barestyle.losses import Region, StyleImage
from barestyle.networks import Size
from barestyle.objective import Evaluation
from barestyle.optimize import Evaluate
from barestyle.run.stages import shrunk


@dataclass(frozen=True)
class ScaledInputs:
    """What goes into a search, on the device, at the result's size: (1, 3, h, w) in 0..1, and masks (1, 1, h, w).

    `base` is the picture that the search changes, the content or what is given in its place, and None where it begins
    with noise. `keep` says where the content stays as it is.
    """

    content: Tensor
    regions: tuple[Region, ...]
    base: Tensor | None
    keep: Tensor | None = None

    @classmethod
    def of(cls, content: Tensor, style: Tensor) -> ScaledInputs:
        """One style for all of the content, which is where the search begins."""
        return cls(content, (Region((StyleImage(style),)),), content)

    @property
    def size(self) -> Size:
        """Height and width of the content."""
        return Size(*self.content.shape[-2:])

    def at(self, size: Size) -> ScaledInputs:
        """All shrunk alike, so that the content has `size`."""
        if size == self.size:
            return self
        content = resized(self.content, *size)
        base = content if self.base is self.content else _resized(self.base, size)
        factor = max(self.size) / max(size)
        return ScaledInputs(
            content, tuple(_shrunk(one, size, factor) for one in self.regions), base, _resized(self.keep, size)
        )


def _shrunk(region: Region, size: Size, factor: float) -> Region:
    """A region of a picture of another size, its styles shrunk by a factor."""
    samples = []
    for sample in region.styles:
        small = shrunk(Size(*sample.pixels.shape[-2:]), factor)
        samples.append(replace(sample, pixels=resized(sample.pixels, *small), mask=_resized(sample.mask, small)))
    return replace(region, styles=tuple(samples), mask=_resized(region.mask, size))


def _resized(planes: Tensor | None, size: Size) -> Tensor | None:
    return None if planes is None else resized(planes, *size)


def content_of(pictures: ScaledInputs) -> Tensor:
    """Where most searches begin."""
    return pictures.content


def upsample_change(image: Tensor, base: Tensor | None, larger: Tensor | None, size: Size) -> Tensor:
    """What was changed in the base of one size, brought to the base of another: (1, 3, h, w) in 0..1.

    The larger base's own details stay; enlarging the picture itself would lose them. Without a base it has to do.
    """
    if tuple(image.shape[-2:]) == size:
        return image
    change = image if base is None else image - base
    change = F.interpolate(change, size, mode="bicubic", align_corners=False)
    return (change if larger is None else change.add_(larger)).clamp_(0, 1)


def protect_pixels(evaluate: Evaluate, pictures: ScaledInputs) -> Evaluate:
    """An evaluation of the picture in which what is protected is the content's, as a function of the other picture.

    Where the mask is white the gradient is zero; where it is gray the two are blended.
    """
    keep, content = pictures.keep, pictures.content
    if keep is None:
        return evaluate

    def blended(image: Tensor) -> Evaluation:
        found = evaluate(image.lerp(content, keep))
        return replace(found, gradient=found.gradient.mul_(1 - keep))

    return blended
