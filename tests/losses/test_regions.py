"""A region is moved to a device with all of its images and masks."""

from __future__ import annotations

import torch

from barestyle.losses import Region, StyleImage

META = torch.device("meta")
"""A device without memory, which every machine has."""


def test_a_region_moves_with_everything_in_it() -> None:
    pixels, mask = torch.rand(1, 3, 4, 5), torch.ones(1, 1, 4, 5)
    region = Region((StyleImage(pixels, mask, share=0.25), StyleImage(pixels)), mask, weight=2.0)
    moved = region.to(META)
    tensors = [moved.mask, *(tensor for style in moved.styles for tensor in (style.pixels, style.mask))]
    assert [tensor is None or tensor.device == META for tensor in tensors] == [True] * 5
    assert [tensor is None for tensor in tensors] == [False, False, False, False, True]
    assert (moved.weight, [style.share for style in moved.styles]) == (2.0, [0.25, 1.0])
    assert region.styles[0].pixels.device.type == "cpu"


def test_a_whole_image_has_no_mask_to_move() -> None:
    assert Region((StyleImage(torch.rand(1, 3, 4, 5)),)).to(META).mask is None
