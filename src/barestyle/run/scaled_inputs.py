"""The images and masks of an optimization at any of its sizes, and the pixels that stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from barestyle.distributed import ProcessGroup, RowShard, resample, resize_rows
from barestyle.images import resize, resize_split, resize_to_whole, split_image
from barestyle.losses import Region, StyleImage
from barestyle.networks import Size
from barestyle.objective import Evaluation
from barestyle.optimize import Evaluate
from barestyle.run.stages import shrink_size

FEWEST_ROWS = 64
"""Rows of a process's part of a scale below the last. With fewer, many would be computed by neighbors, too."""

FEWEST_PIXELS = 512 * 512
"""Of a scale that is split. Smaller ones are quick, and what is rounded differently in them changes the result most."""


@dataclass(frozen=True)
class ScaledInputs:
    """Images (1, 3, h, w) in 0..1 and masks (1, 1, h, w) of an optimization, on its device.

    Attributes:
        content: the content image.
        regions: the styles and where each applies.
        base: the image that is changed: the content or another start; None to start from noise.
        keep: mask of the pixels that stay the content's.
        shard: which rows of the content, of base and of the masks these are; None if they are all.
    """

    content: Tensor
    regions: tuple[Region, ...]
    base: Tensor | None
    keep: Tensor | None = None
    shard: RowShard | None = None

    @classmethod
    def from_images(cls, content: Tensor, style: Tensor) -> ScaledInputs:
        """Return the inputs for one style everywhere, starting from the content."""
        return cls(content, (Region((StyleImage(style),)),), content)

    @property
    def rows(self) -> RowShard:
        """Which rows each process has."""
        return self.shard or RowShard.split(self.content.shape[-2])

    @property
    def size(self) -> Size:
        """Height and width of the whole content."""
        return Size(self.rows.height, self.content.shape[-1])

    def resize(self, size: Size) -> ScaledInputs:
        """Return all images shrunk by the same factor, so that the content has `size`.

        If this is too small to be split among processes, every process gets the whole images.
        """
        if size == self.size:
            return self
        target = None if self.shard is None else split_rows(size, self.shard.group)
        content = _resize_planes(self.content, size, self.shard, target)
        assert content is not None
        base = content if self.base is self.content else _resize_planes(self.base, size, self.shard, target)
        keep = _resize_planes(self.keep, size, self.shard, target)
        factor = max(self.size) / max(size)
        regions = tuple(
            replace(
                region,
                styles=tuple(_shrink_style(style, factor, is_split=target is not None) for style in region.styles),
                mask=_resize_planes(region.mask, size, self.shard, target),
            )
            for region in self.regions
        )
        return ScaledInputs(content, regions, base, keep, target)


def find_rows(size: Size, result_height: int, group: ProcessGroup) -> RowShard | None:
    """Return the parts of a stage's images; None if the first process computes them as a whole."""
    if group.size == 1:
        return None
    return split_image(size.height, group) if size.height == result_height else split_rows(size, group)


def split_rows(size: Size, group: ProcessGroup) -> RowShard | None:
    """Return the parts of an image that is smaller than the result; None if the first process computes all of it."""
    is_large = size.height >= FEWEST_ROWS * group.size and size.height * size.width >= FEWEST_PIXELS
    return split_image(size.height, group) if is_large else None


def _shrink_style(style: StyleImage, factor: float, *, is_split: bool) -> StyleImage:
    """Return a style shrunk by a factor; unless the content is split, every process has all of it."""
    height = style.pixels.shape[-2] if style.shard is None else style.shard.height
    small = shrink_size(Size(height, style.pixels.shape[-1]), factor)
    target = split_rows(small, style.shard.group) if style.shard is not None and is_split else None
    pixels, mask = (_resize_planes(planes, small, style.shard, target) for planes in (style.pixels, style.mask))
    assert pixels is not None
    return replace(style, pixels=pixels, mask=mask, shard=target)


def _resize_planes(planes: Tensor | None, size: Size, shard: RowShard | None, target: RowShard | None) -> Tensor | None:
    """Return an image at another size: this process's rows, or the whole on every process if `target` is None."""
    if planes is None:
        return None
    if shard is None:
        return resize(planes, *size)
    if target is None:
        return resize_to_whole(planes, *size, shard)
    return resize_split(planes, shard, target, size.width)


def upsample_change(image: Tensor, smaller: ScaledInputs, larger: ScaledInputs) -> Tensor:
    """Return the image enlarged to the size of `larger`, (1, 3, h, w) in 0..1.

    It is the larger base plus the enlarged change of the base. So the larger base keeps its details, which an enlarged
    image would lose. Without a base the image is enlarged.
    """
    if smaller.size == larger.size:
        return image
    change = image if smaller.base is None else image - smaller.base
    if larger.rows.is_split:
        change = resize_rows(change, smaller.rows, larger.rows, larger.size.width, antialias=False)
    else:
        change = resample(change, larger.size, antialias=False)
    return (change if larger.base is None else change.add_(larger.base)).clamp_(0, 1)


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
