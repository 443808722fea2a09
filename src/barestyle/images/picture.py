"""What a picture is inside barestyle."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from barestyle.errors import ImageError
from barestyle.images.resize import resized


@dataclass(frozen=True)
class Picture:
    """An sRGB picture.

    Attributes:
        pixels: (1, 3, H, W) float32 in 0..1, composited over white where the original is transparent.
        alpha: (1, 1, H, W) float32 in 0..1, or None for an opaque picture.
        bits: bits per channel of the original, 8 or 16.
        name: the path as given, or what kind of object it came from; for messages.
        sha256: of the file's bytes, or of shape and pixels where there is no file.
        path: the file, if there is one.
    """

    pixels: Tensor = field(repr=False)
    alpha: Tensor | None = field(repr=False)
    bits: Literal[8, 16]
    name: str
    sha256: str
    path: Path | None = None

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.pixels.shape[-2]

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.pixels.shape[-1]

    def at(self, height: int, width: int) -> Picture:
        """The same picture at another size."""
        alpha = None if self.alpha is None else resized(self.alpha, height, width)
        return replace(self, pixels=resized(self.pixels, height, width), alpha=alpha)


Source = str | Path | Image.Image | np.ndarray[Any, Any] | Tensor | Picture
"""What `read` takes: a path, a PIL image, an array (H, W[, channels]), a tensor ([1,] channels, H, W), or a Picture."""


def from_samples(
    samples: np.ndarray[Any, Any], *, name: str, sha256: str, path: Path | None = None, bits: int = 8
) -> Picture:
    """A picture of samples (H, W, channels): 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.

    uint8, uint16 and bool span their range; floats have to lie in 0..1. Raises ImageError.
    """
    if samples.ndim != 3 or samples.shape[2] not in (1, 2, 3, 4) or samples.size == 0:
        raise ImageError(
            f"{name} has the shape {samples.shape}; a picture is height x width, alone or with 1 to 4 channels"
        )
    values = unit_range(samples, name)
    color, alpha = (values[..., :-1], values[..., -1:]) if values.shape[2] in (2, 4) else (values, None)
    color = np.broadcast_to(color, (*color.shape[:2], 3))
    if alpha is not None:
        color = color * alpha + (1 - alpha)
        if bool((alpha == 1).all()):
            alpha = None
    return Picture(
        pixels=planes(color),
        alpha=None if alpha is None else planes(alpha),
        bits=16 if bits > 8 else 8,
        name=name,
        sha256=sha256,
        path=path,
    )


def unit_range(samples: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Samples of any picture type as float32 in 0..1. Raises ImageError for other types and ranges."""
    if samples.dtype == np.uint8:
        return samples.astype(np.float32) / np.float32(255)
    if samples.dtype == np.uint16:
        return samples.astype(np.float32) / np.float32(65535)
    if samples.dtype == np.bool_:
        return samples.astype(np.float32)
    if not np.issubdtype(samples.dtype, np.floating):
        raise ImageError(f"{name} has samples of type {samples.dtype}; use uint8, uint16, or floats in 0..1")
    low, high = float(samples.min()), float(samples.max())
    if not (low >= 0 and high <= 1):
        raise ImageError(
            f"{name} has values from {low:.9g} to {high:.9g}; floats have to lie in 0..1, so scale them first"
        )
    return samples.astype(np.float32)


def planes(values: np.ndarray[Any, Any]) -> Tensor:
    """(H, W, c) samples as a contiguous tensor (1, c, H, W)."""
    return torch.from_numpy(np.array(values.transpose(2, 0, 1), dtype=np.float32, order="C")[None])
