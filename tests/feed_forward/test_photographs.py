"""Photographs for training: which are read, at which size, and that crops and guides belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle.errors import ImageError
from barestyle.feed_forward.photographs import (
    PHOTO_SIDE,
    VARIANTS,
    Photograph,
    draw_crop,
    find_photographs,
    prepare_photographs,
    read_photographs,
    vary_colors,
)
from barestyle.losses import GUIDE_CHANNELS, Region, StyleImage


def write_noise(path: Path, width: int, height: int, seed: int = 0) -> Path:
    samples = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(samples).save(path)
    return path


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def test_the_sample_photographs_are_installed() -> None:
    files = find_photographs(None)
    assert len(files) == 9
    assert all(file.is_file() for file in files)


def test_a_folder_gives_its_images_only(tmp_path: Path) -> None:
    expected = [write_noise(tmp_path / name, 70, 70) for name in ("a.png", "b.JPG")]
    (tmp_path / "notes.txt").write_text("no image")
    write_noise(tmp_path / ".hidden.png", 70, 70)
    assert find_photographs(tmp_path) == expected


def test_too_few_photographs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no photographs"):
        find_photographs(tmp_path)
    write_noise(tmp_path / "a.png", 70, 70)
    with pytest.raises(ImageError, match="one photograph"):
        find_photographs(tmp_path)
    with pytest.raises(ImageError, match="there is no folder"):
        find_photographs(tmp_path / "missing")


def test_photographs_have_the_size_of_training(tmp_path: Path) -> None:
    files = [write_noise(tmp_path / "wide.png", 800, 100), write_noise(tmp_path / "high.png", 300, 600)]
    sizes = {tuple(image.shape[-2:]) for image in read_photographs(files, crop=160, seed=0)}
    assert (PHOTO_SIDE, PHOTO_SIDE // 2) in sizes
    assert (160, 1280) in sizes  # a narrow one is enlarged until a crop fits


def test_a_tiny_photograph_is_refused(tmp_path: Path) -> None:
    files = [write_noise(tmp_path / "a.png", 63, 200)]
    with pytest.raises(ImageError, match=r"63 x 200 pixels.*at least 64"):
        read_photographs(files, crop=160, seed=0)


def test_few_photographs_are_repeated_with_ordinary_colors() -> None:
    region = Region((StyleImage(noise(64, 64, 9)),))
    images = [noise(64, 72, seed) for seed in range(2)]
    photographs = prepare_photographs(images, [region], 16, seed=0)
    assert len(photographs) == VARIANTS
    assert torch.equal(photographs[0].image, images[0])
    assert not any(torch.equal(item.image, images[0]) for item in photographs[1:])


def test_the_photograph_that_is_held_out_has_no_variants() -> None:
    region = Region((StyleImage(noise(64, 64, 9)),))
    images = [torch.full((1, 3, 64, 64), 0.5), noise(64, 72, 1)]
    *trained, held_out = prepare_photographs(images, [region], 16, seed=0)
    assert torch.equal(held_out.image, images[1])
    assert all(item.image.shape[-1] == 64 for item in trained), "variants of the first photograph only"


def test_guides_have_the_size_of_their_photographs() -> None:
    region = Region((StyleImage(noise(64, 64, 9)),))
    photographs = prepare_photographs([noise(64, 72, seed) for seed in range(2)], [region], 16, seed=0)
    assert photographs[0].guides[0].shape == (1, GUIDE_CHANNELS, 64, 72)


def test_varied_colors_stay_in_range_and_keep_the_order_of_lightness() -> None:
    ramp = torch.linspace(0.05, 0.95, 50).expand(1, 3, 50, 50)
    for seed in range(20):
        changed = vary_colors(ramp, np.random.default_rng(seed))
        assert bool(((changed >= 0) & (changed <= 1)).all())
        assert bool((changed.diff(dim=-1) >= -1e-6).all())


def test_a_crop_and_its_guide_are_of_the_same_place() -> None:
    image = noise(90, 120)
    photograph = Photograph(image, (image * 2,))
    generator = np.random.default_rng(0)
    corners = set()
    for _ in range(20):
        crop, guide = draw_crop(photograph, 0, 32, generator)
        assert crop.shape == (1, 3, 32, 32)
        assert torch.equal(guide, crop * 2)
        corners.add(float(crop[0, 0, 0, 0]))
    assert len(corners) > 10
