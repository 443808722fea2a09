"""A content and a style image of any size, from the installed samples."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle import samples
from barestyle.images import read


def load_pair(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return content and style, (1, 3, size, size) in 0..1."""
    content, style = (read(source).pixels for source in (samples.photo("coffee"), samples.style("swirls")))
    return _resize_to_square(content, size).to(device), _resize_to_square(style, size).to(device)


def _resize_to_square(pixels: Tensor, size: int) -> Tensor:
    side = min(pixels.shape[-2:])
    cropped = pixels[..., :side, :side]
    return F.interpolate(cropped, (size, size), mode="bicubic", antialias=True).clamp(0, 1)
