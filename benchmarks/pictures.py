"""Two pictures of any size that every machine has: scikit-image's coffee cup and one of barestyle's styles."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle import samples
from barestyle.images import read


def pair(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Content and style, (1, 3, size, size) in 0..1."""
    content, style = (read(source).pixels for source in (samples.photo("coffee"), samples.style("swirls")))
    return _square(content, size).to(device), _square(style, size).to(device)


def _square(pixels: Tensor, size: int) -> Tensor:
    side = min(pixels.shape[-2:])
    cut = pixels[..., :side, :side]
    return F.interpolate(cut, (size, size), mode="bicubic", antialias=True).clamp(0, 1)
