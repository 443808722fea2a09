"""Change the size of samples as `resizing.resize` changes that of tensors. PyTorch is not imported."""

from __future__ import annotations

import numpy as np
from PIL import Image

from barestyle.images.samples import PixelArray


def resize_samples(values: PixelArray, height: int, width: int) -> PixelArray:
    """Return float32 samples (H, W, c) in 0..1 at another size: bicubic, antialiased when reducing, clipped to 0..1."""
    if values.shape[:2] == (height, width):
        return values
    planes = [Image.fromarray(np.ascontiguousarray(values[..., channel])) for channel in range(values.shape[2])]
    resized = [np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC)) for plane in planes]
    return np.stack(resized, axis=2).clip(0, 1)
