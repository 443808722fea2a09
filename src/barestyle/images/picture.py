"""The image type of barestyle, and its construction from samples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from barestyle.distributed import ALONE, ProcessGroup, RowShard
from barestyle.images.resizing import resize, resize_split, split_image
from barestyle.images.sample_resizing import resize_samples
from barestyle.images.samples import PixelArray, separate_alpha


@dataclass(frozen=True)
class Picture:
    """An sRGB image.

    Attributes:
        pixels: (1, 3, H, W) float32 in 0..1, composited over white where the original is transparent.
        alpha: (1, 1, H, W) float32 in 0..1, or None for an opaque image.
        bits: bits per channel of the original, 8 or 16.
        name: the path as given, or the kind of object it came from; for messages.
        sha256: digest of the file's bytes, or of shape and samples if there is no file.
        path: the file, if there is one.
        shard: which rows of the image `pixels` and `alpha` are, if they are split among processes.
        frames: number of images in the file, such as frames of an animation; the pixels are those of the first one.
        map_colors: for a mask from a segmentation map, the colors whose region it is, as '#rrggbb'.
    """

    pixels: Tensor = field(repr=False)
    alpha: Tensor | None = field(repr=False)
    bits: Literal[8, 16]
    name: str
    sha256: str
    path: Path | None = None
    shard: RowShard | None = field(default=None, repr=False)
    frames: int = 1
    map_colors: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Height in pixels, of the whole image."""
        return self.pixels.shape[-2] if self.shard is None else self.shard.height

    @property
    def mask_key(self) -> tuple[object, ...]:
        """What two equal masks share: the digest, and the colors of a segmentation map."""
        return (self.sha256, *self.map_colors)

    @property
    def group(self) -> ProcessGroup:
        """The processes that have its rows."""
        return ALONE if self.shard is None else self.shard.group

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.pixels.shape[-1]

    def resize(self, height: int, width: int) -> Picture:
        """Return the picture at another size; its rows are split as before."""
        if self.shard is None:
            alpha = None if self.alpha is None else resize(self.alpha, height, width)
            return replace(self, pixels=resize(self.pixels, height, width), alpha=alpha)
        target = split_image(height, self.shard.group)
        alpha = None if self.alpha is None else resize_split(self.alpha, self.shard, target, width)
        return replace(self, pixels=resize_split(self.pixels, self.shard, target, width), alpha=alpha, shard=target)

    def resize_samples(self, height: int, width: int) -> Picture:
        """Return the picture, whose rows are not split, at another size, to the last bit as without PyTorch."""
        pixels, alpha = (
            None if planes is None else to_planes(resize_samples(planes[0].permute(1, 2, 0).numpy(), height, width))
            for planes in (self.pixels, self.alpha)
        )
        assert pixels is not None
        return replace(self, pixels=pixels, alpha=alpha)


Source = str | Path | Image.Image | PixelArray | Tensor | Picture
"""What `read` takes: a path, a PIL image, an array (H, W[, channels]), a tensor ([1,] channels, H, W), or a Picture."""


def from_samples(samples: PixelArray, *, name: str, sha256: str, path: Path | None = None, bits: int = 8) -> Picture:
    """Return a picture from samples (H, W, channels): 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.

    uint8, uint16 and bool use their whole range; floats must be in 0..1. Raises ImageError.
    """
    color, alpha = separate_alpha(samples, name)
    return Picture(
        pixels=to_planes(color),
        alpha=None if alpha is None else to_planes(alpha),
        bits=16 if bits > 8 else 8,
        name=name,
        sha256=sha256,
        path=path,
    )


def to_planes(values: PixelArray) -> Tensor:
    """Return (H, W, c) as a contiguous tensor (1, c, H, W)."""
    return torch.from_numpy(np.array(values.transpose(2, 0, 1), dtype=np.float32, order="C")[None])
