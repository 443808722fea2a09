"""A test clip made of one photograph: a pan with a slow zoom, and an object that moves over it."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle import samples
from barestyle.clips.warp import warp
from barestyle.images import read, resize

PAN = 0.004
"""Of the width, for each frame."""

ZOOM = 0.003
"""Growth for each frame."""


def make_clip(count: int, height: int, width: int, photo: str = "coffee", other: str = "chelsea") -> list[Tensor]:
    """Return frames (1, 3, height, width) in 0..1; the same arguments give the same frames.

    `photo` is the photograph that the camera moves over, and a round part of `other` is the object; both are names of
    installed photographs.
    """
    scale = 1.4
    photograph = resize(read(samples.photo(photo)).pixels, round(scale * height), round(scale * width))
    side = height // 3
    object_pixels = _cut_square(read(samples.photo(other)).pixels, side)
    y, x = torch.meshgrid(torch.arange(side) - (side - 1) / 2, torch.arange(side) - (side - 1) / 2, indexing="ij")
    mask = (side / 2 - (x.square() + y.square()).sqrt()).clamp(0, 1)
    frames = []
    for number in range(count):
        frame = _move_camera(photograph, number)[..., :height, :width].clone()
        left = round(0.6 * width - 0.009 * width * number) % (width - side)
        top = round(0.45 * height + 0.004 * height * number) % (height - side)
        window = frame[..., top : top + side, left : left + side]
        window.copy_(window.lerp(object_pixels, mask))
        frames.append(frame.clamp(0, 1))
    return frames


def _move_camera(photograph: Tensor, number: int) -> Tensor:
    height, width = photograph.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    growth = (1 + ZOOM) ** -number - 1
    return warp(photograph, torch.stack((growth * x + PAN * width * number, growth * y))[None])


def _cut_square(pixels: Tensor, side: int) -> Tensor:
    """Return the middle of an image as a square."""
    height, width = pixels.shape[-2:]
    cut = min(height, width) * 2 // 3
    top, left = (height - cut) // 2, (width - cut) // 2
    return resize(pixels[..., top : top + cut, left : left + cut].contiguous(), side, side)
