"""Regions that are painted with a brush: from colored pixels to a mask for each style, and one of what is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from barestyle.images import Picture
from barestyle.ui.errors import PageError
from barestyle.ui.form import Regions

STYLE_COLORS = ("#d83a2f", "#2f6fe0", "#e0a800")
"""Brush colors of the first, second and third style."""

KEEP_COLOR = "#1f9d55"
"""Brush color of what stays the photo's."""

OPAQUE = 128
"""Least alpha, of 255, of a pixel that belongs to a region."""

GRAY_TOLERANCE = 12
"""Most that the channels of a gray mask differ, of 255."""

Samples = NDArray[np.uint8]


def split_regions(layer: Samples, styles: int) -> tuple[list[Samples | None], Samples | None]:
    """Return a mask for each style, or None for what is left, and the mask of what is kept, or None.

    Args:
        layer: (H, W, 4), 0..255; each opaque pixel belongs to the nearest of the brush colors.
        styles: number of styles.

    Raises PageError if everything is kept, or a style's region is painted and there is no such style.
    """
    colors = np.array([ImageColor.getrgb(color) for color in (*STYLE_COLORS, KEEP_COLOR)], np.int32)
    distances = ((layer[..., None, :3].astype(np.int32) - colors) ** 2).sum(-1)
    roles = np.where(layer[..., 3] >= OPAQUE, distances.argmin(-1), -1)
    for number in range(styles, len(STYLE_COLORS)):
        if (roles == number).any():
            raise PageError(f"a region of style {number + 1} is painted, but there is no style {number + 1}; choose it")
    is_kept = roles == len(STYLE_COLORS)
    if is_kept.all():
        raise PageError("the whole photo is protected; erase some of the green")
    regions = [roles == number for number in range(styles)]
    if styles == 1 or not any(region.any() for region in regions):
        return [None] * styles, _to_mask(is_kept)
    empty = [number for number, region in enumerate(regions) if not region.any()]
    if not empty:  # the first style fills what no region covers
        regions[0] |= ~np.any(regions, axis=0)
    return [_to_mask(region) for region in regions], _to_mask(is_kept)


def _to_mask(region: NDArray[np.bool_]) -> Samples | None:
    return region.astype(np.uint8) * 255 if region.any() else None


def write_masks(layer: Samples, styles: int, folder: Path) -> Regions:
    """Write the masks of the painted regions into `folder` as PNG files, and return their paths."""
    masks, keep = split_regions(layer, styles)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [
        mask if mask is None else _write(mask, folder / f"mask-{number}.png") for number, mask in enumerate(masks, 1)
    ]
    return Regions(tuple(paths), None if keep is None else _write(keep, folder / "keep.png"))


def _write(mask: Samples, path: Path) -> Path:
    Image.fromarray(mask).save(path)
    return path


def make_layer(mask: Picture, height: int, width: int) -> Samples:
    """Return the colored layer (H, W, 4) of a mask file: gray is what to keep, colors are regions.

    A color belongs to the nearest brush color; black and transparent pixels belong to no region.
    """
    picture = mask.resize(height, width)
    rgb = (picture.pixels[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
    alpha = np.full((height, width), 255) if picture.alpha is None else picture.alpha[0, 0].numpy() * 255
    is_lit = (rgb.max(-1) >= OPAQUE) & (alpha >= OPAQUE)
    spread = rgb.max(-1).astype(int) - rgb.min(-1)
    is_gray = spread <= GRAY_TOLERANCE
    layer = np.concatenate([rgb, np.zeros((height, width, 1), np.uint8)], axis=2)
    layer[is_gray, :3] = ImageColor.getrgb(KEEP_COLOR)
    layer[is_lit, 3] = 255
    return layer
