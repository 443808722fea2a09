"""Image pyramids (Burt & Adelson 1983, doi:10.1109/TCOM.1983.1095851), for any size of image, or a part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.networks.conv_stack import Size
from barestyle.networks.interpolation import find_sources, interpolate

KERNEL_REACH = 2
"""Pixels; the 5x5 Gaussian is padded by reflection, so a level must be larger than this to be reduced."""

KERNEL = (1, 4, 6, 4, 1)
"""Burt and Adelson's kernel along one axis, times 16."""


def build_gaussian_pyramid(image: Tensor, levels: int) -> list[Tensor]:
    """Return the image (1, c, H, W) and its reductions; level i, from 0, is (1, c, H // 2^i, W // 2^i)."""
    from kornia.geometry.transform import pyrdown  # imported here, as kornia loads slowly

    result = [image]
    for _ in range(levels - 1):
        result.append(pyrdown(result[-1]))
    return result


def build_laplacian_pyramid(image: Tensor, levels: int) -> list[Tensor]:
    """Return the difference of each Gaussian level and the upsampled next one; the last level is Gaussian.

    Levels are upsampled to the exact size of their neighbor, so that odd sizes need no padding (kornia pads to powers
    of two). Adding the levels up from the last, upsampled at each step, restores the image.
    """
    steps = build_gaussian_pyramid(image, levels)
    return [fine - upsample(coarse, fine) for fine, coarse in pairwise(steps)] + steps[-1:]


def upsample(coarse: Tensor, like: Tensor) -> Tensor:
    """Upsample a level bilinearly to the height and width of `like`, (1, c, H, W)."""
    return F.interpolate(coarse, size=like.shape[-2:], mode="bilinear", align_corners=False)


class PyramidRows:
    """Some rows of every level of a pyramid, computed from the rows of the image that they depend on.

    Args:
        size: of the whole image.
        levels: of the whole pyramid.
        is_laplacian: whether levels are differences of Gaussian levels.
        needed: the rows of each level that are needed, from the first level on; a level can be left out at the end.
    """

    def __init__(self, size: Size, levels: int, needed: Sequence[tuple[int, int]], *, is_laplacian: bool) -> None:
        self._sizes = [Size(size.height >> level, size.width >> level) for level in range(levels)]
        self._needed = list(needed)
        self._is_laplacian = is_laplacian
        self._gaussian = self._plan_gaussian_rows()

    @property
    def image_rows(self) -> tuple[int, int]:
        """The rows of the image that `build` takes."""
        return self._gaussian[0]

    def build(self, rows: Tensor) -> list[Tensor]:
        """Return the needed rows of every level, from the image's `image_rows`, (1, c, h, W); differentiable."""
        gaussian = [rows]
        for level in range(1, len(self._gaussian)):
            gaussian.append(self._reduce(gaussian[-1], level))
        result = []
        for level, (top, bottom) in enumerate(self._needed):
            first = self._gaussian[level][0]
            part = gaussian[level][:, :, top - first : bottom - first]
            if self._has_difference(level) and top < bottom:
                part = part - self._enlarge(gaussian[level + 1], level, top, bottom)
            result.append(part)
        return result

    def _has_difference(self, level: int) -> bool:
        return self._is_laplacian and level < len(self._sizes) - 1

    def _plan_gaussian_rows(self) -> list[tuple[int, int]]:
        """Return the rows of each Gaussian level that are needed for the levels, and for the next Gaussian one."""
        count = len(self._needed)
        deepest = count if count and self._has_difference(count - 1) else count - 1
        rows: list[tuple[int, int]] = [(0, 0)] * (deepest + 1)
        for level in reversed(range(deepest + 1)):
            spans = [self._needed[level]] if level < count else []
            if level and self._has_difference(level - 1):
                spans.append(
                    find_sources(self._sizes[level].height, self._sizes[level - 1].height, *self._needed[level - 1])
                )
            if level < deepest:
                spans.append(self._find_blurred_rows(level, *rows[level + 1]))
            rows[level] = _unite(spans)
        return rows

    def _find_blurred_rows(self, level: int, top: int, bottom: int) -> tuple[int, int]:
        """Return the rows of a Gaussian level on which rows of the next one depend."""
        height = self._sizes[level].height
        first, last = find_sources(height, self._sizes[level + 1].height, top, bottom)
        if first == last:
            return 0, 0
        # The blur mirrors rows at the borders: as many as it needs, plus one.
        top, bottom = max(first - KERNEL_REACH, 0), min(last + KERNEL_REACH, height)
        mirrored = KERNEL_REACH + 1
        return min(top, height - mirrored) if bottom == height else top, max(bottom, mirrored) if top == 0 else bottom

    def _reduce(self, rows: Tensor, level: int) -> Tensor:
        """Return a Gaussian level's rows from those of the level before: blurred, and interpolated at half the size."""
        (first, last), before, size = self._gaussian[level - 1], self._sizes[level - 1], self._sizes[level]
        top, bottom = self._gaussian[level]
        if top == bottom:
            return rows.new_zeros(*rows.shape[:2], 0, size.width)
        reach = KERNEL_REACH
        padding = (reach, reach, reach if first == 0 else 0, reach if last == before.height else 0)
        weights = torch.tensor(KERNEL).to(rows) / 16
        kernel = torch.outer(weights, weights).expand(rows.shape[1], 1, -1, -1)
        blurred = F.conv2d(F.pad(rows, padding, mode="reflect"), kernel, groups=rows.shape[1])
        blurred_first = first if first == 0 else first + reach
        narrow = F.interpolate(blurred, (blurred.shape[2], size.width), mode="bilinear", align_corners=False)
        return interpolate(narrow, 2, size.height, top, bottom, first=blurred_first, count=before.height)

    def _enlarge(self, coarse: Tensor, level: int, top: int, bottom: int) -> Tensor:
        """Return rows of a level's size from the Gaussian level below."""
        size, below = self._sizes[level], self._sizes[level + 1]
        wide = F.interpolate(coarse, (coarse.shape[2], size.width), mode="bilinear", align_corners=False)
        first = self._gaussian[level + 1][0]
        return interpolate(wide, 2, size.height, top, bottom, first=first, count=below.height)


def _unite(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the smallest span that contains others; empty ones do not count."""
    full = [span for span in spans if span[0] < span[1]]
    return (min(top for top, _ in full), max(bottom for _, bottom in full)) if full else (0, 0)
