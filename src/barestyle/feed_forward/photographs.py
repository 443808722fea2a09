"""The photographs that a network is trained on, with their guides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle import samples
from barestyle.errors import ImageError
from barestyle.images import read, resize, target_size
from barestyle.images.color_transfer import luminance
from barestyle.images.decode import readable_extensions
from barestyle.losses import Region, build_guide_maps

PHOTO_SIDE = 512
"""Long side of a photograph in training; with it goes the size of the strokes."""

FEWEST_PHOTOGRAPHS = 2
"""One is held out."""

MOST_PHOTOGRAPHS = 200
"""Of a larger folder some are drawn: photographs and guides are held in memory, some 9 MB each for one style."""

VARIANTS = 24
"""Fewer photographs than this are repeated with other colors, so that the network sees many palettes."""

SMALLEST_SIDE = 64
"""Pixels; a smaller photograph has too few strokes."""


class Photograph(NamedTuple):
    """A photograph, (1, 3, H, W) in 0..1, and its guide for each style, (1, k, H, W)."""

    image: Tensor
    guides: tuple[Tensor, ...]


def find_photographs(folder: Path | None) -> list[Path]:
    """Return the image files of a folder, or the sample photographs for None.

    Raises:
        ImageError: there is no such folder, or it has fewer than FEWEST_PHOTOGRAPHS images.
    """
    if folder is None:
        return samples.training_photos()
    if not folder.is_dir():
        raise ImageError(f"there is no folder {str(folder)!r}; give a folder of photographs")
    extensions = readable_extensions()
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in extensions and file.name[0] != ".")
    if len(files) < FEWEST_PHOTOGRAPHS:
        count = "one photograph" if files else "no photographs"
        raise ImageError(
            f"the folder {str(folder)!r} has {count}, and training needs at least {FEWEST_PHOTOGRAPHS}, better 20; "
            "add some, or leave out --photos"
        )
    return files


def read_photographs(files: Sequence[Path], *, crop: int, seed: int) -> list[Tensor]:
    """Read photographs, (1, 3, H, W) each, whose long side is PHOTO_SIDE, in a random order.

    A narrow one is enlarged until its short side has `crop` pixels. Raises ImageError.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(files))[:MOST_PHOTOGRAPHS]
    images = []
    for number in order:
        picture = read(files[number])
        if min(picture.height, picture.width) < SMALLEST_SIDE:
            raise ImageError(
                f"{picture.name} has {picture.width} x {picture.height} pixels; training needs photographs of at least "
                f"{SMALLEST_SIDE} on each side"
            )
        height, width = target_size(picture.height, picture.width, PHOTO_SIDE)
        factor = max(1.0, crop / min(height, width))
        images.append(resize(picture.pixels, round(height * factor), round(width * factor)))
    return images


def vary_colors(image: Tensor, generator: np.random.Generator) -> Tensor:
    """Return an image (1, 3, H, W) in 0..1 with other lightness, contrast, saturation and white balance."""
    gamma, contrast, saturation = np.exp(generator.uniform(-0.5, 0.5, 3))
    balance = torch.from_numpy(np.exp(generator.uniform(-0.25, 0.25, 3))).to(image).view(1, 3, 1, 1)
    changed = image.pow(float(gamma)) * balance
    gray = luminance(changed)
    changed = gray + float(saturation) * (changed - gray)
    middle = changed.mean()
    return (middle + float(contrast) * (changed - middle)).clamp(0, 1)


def prepare_photographs(
    images: Sequence[Tensor], styles: Sequence[Region], resolution: int, seed: int
) -> list[Photograph]:
    """Return photographs with their guides, at least VARIANTS of them; `resolution` is that of the guides.

    The last one is held out from training, and no variant of it is among the others.
    """
    generator = np.random.default_rng(seed)
    *originals, held_out = images
    variants = list(originals)
    while len(variants) < VARIANTS - 1:
        variants.append(vary_colors(originals[len(variants) % len(originals)], generator))
    return [build_photograph(image, styles, resolution) for image in (*variants, held_out)]


def build_photograph(image: Tensor, styles: Sequence[Region], resolution: int) -> Photograph:
    """Return a photograph with its guide for each style."""
    maps = (build_guide_maps(image, style, resolution).content for style in styles)
    size = image.shape[-2:]
    return Photograph(image, tuple(F.interpolate(each, size, mode="bilinear", align_corners=False) for each in maps))


def draw_crop(photograph: Photograph, style: int, side: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return a random square of a photograph and of its guide for a style, mirrored in every second case."""
    height, width = photograph.image.shape[-2:]
    top, left = int(generator.integers(height - side + 1)), int(generator.integers(width - side + 1))
    planes = (photograph.image, photograph.guides[style])
    image, guide = (plane[..., top : top + side, left : left + side] for plane in planes)
    if generator.random() < 0.5:
        return image.flip(-1), guide.flip(-1)
    return image, guide
