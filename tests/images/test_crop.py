"""Cropping and turning files: equal to slices of numpy's rot90, in every kind of file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from barestyle.errors import ImageError, PixelLimitError
from barestyle.images import crop_file, read, read_encoded
from barestyle.images.decode import decode_file

HEIGHT, WIDTH = 5, 7
BOX = {"left": 1, "top": 2, "width": 3, "height": 2}
SIZE = (BOX["width"], BOX["height"])


def distinct(channels: int, dtype: type = np.uint8) -> np.ndarray[Any, Any]:
    """Samples (5, 7, channels) that differ from each other; an alpha channel has no 0, where color is not seen."""
    count = HEIGHT * WIDTH * channels
    return (np.arange(count) * (np.iinfo(dtype).max // count) + 1).astype(dtype).reshape(HEIGHT, WIDTH, channels)


def cut(samples: np.ndarray[Any, Any], turns: int) -> np.ndarray[Any, Any]:
    turned = np.rot90(samples, -turns)
    return turned[BOX["top"] : BOX["top"] + BOX["height"], BOX["left"] : BOX["left"] + BOX["width"]]


def decode(data: bytes, folder: Path) -> np.ndarray[Any, Any]:
    file = folder / "crop.png"
    file.write_bytes(data)
    return decode_file(file, 100).samples


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_samples_of_a_crop_are_those_of_numpy(tmp_path: Path, channels: int, dtype: type, turns: int) -> None:
    samples = distinct(channels, dtype)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb" if channels > 1 else "minisblack")
    data = crop_file(tmp_path / "a.tif", turns=turns, **BOX)
    cropped = decode(data, tmp_path)
    assert cropped.dtype == dtype
    np.testing.assert_array_equal(cropped, cut(samples, turns))


def test_transparency_is_not_applied_twice(tmp_path: Path) -> None:
    """A picture is composited over white when it is read; its crop must be so only once."""
    Image.fromarray(distinct(4)).save(tmp_path / "a.png")
    whole = read(tmp_path / "a.png")
    crop = read_encoded(crop_file(tmp_path / "a.png", turns=1, **BOX), name="crop")
    assert whole.alpha is not None
    assert crop.alpha is not None
    for part, expected in ((crop.pixels, whole.pixels), (crop.alpha, whole.alpha)):
        np.testing.assert_array_equal(part[0].permute(1, 2, 0), cut(expected[0].permute(1, 2, 0).numpy(), 1))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_orientation_of_a_camera_comes_first(tmp_path: Path, orientation: int) -> None:
    samples = distinct(3)
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(samples).save(tmp_path / "a.png", exif=exif)
    upright = np.rot90(samples, {1: 0, 3: 2, 6: -1, 8: 1}[orientation])
    cropped = decode(crop_file(tmp_path / "a.png", turns=1, **BOX), tmp_path)
    np.testing.assert_array_equal(cropped, cut(upright, 1))


def test_floats_become_16_bits_and_one_bit_becomes_8(tmp_path: Path) -> None:
    floats = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    tifffile.imwrite(tmp_path / "a.tif", floats)
    cropped = decode(crop_file(tmp_path / "a.tif", turns=0, **BOX), tmp_path)
    np.testing.assert_allclose(cropped[..., 0] / 65535, cut(floats, 0), atol=0.5 / 65535 + 1e-7)
    bits = floats > 0.3
    Image.fromarray(bits).save(tmp_path / "a.png")
    cropped = decode(crop_file(tmp_path / "a.png", turns=0, **BOX), tmp_path)
    np.testing.assert_array_equal(cropped[..., 0], 255 * cut(bits, 0))


def test_the_box_is_that_of_the_turned_picture(tmp_path: Path) -> None:
    Image.fromarray(distinct(3)).save(tmp_path / "a.png")
    data = crop_file(tmp_path / "a.png", turns=3, left=0, top=0, width=HEIGHT, height=WIDTH)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (HEIGHT, WIDTH)
    with pytest.raises(
        ImageError, match=r"^the part of 7 x 5 pixels at \(0, 0\) .* inside the picture of 5 x 7 pixels; .* part$"
    ):
        crop_file(tmp_path / "a.png", turns=3, left=0, top=0, width=WIDTH, height=HEIGHT)


@pytest.mark.parametrize(
    "change", [{"left": -1}, {"top": -1}, {"left": 5}, {"top": 4}, {"width": 0}, {"height": 0}, {"width": -1}]
)
def test_boxes_that_are_empty_or_outside_are_refused(tmp_path: Path, change: dict[str, int]) -> None:
    Image.fromarray(distinct(3)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="select another part"):
        crop_file(tmp_path / "a.png", turns=0, **{**BOX, **change})


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    Image.fromarray(distinct(3)).save(tmp_path / "a.png")
    with pytest.raises(PixelLimitError):
        crop_file(tmp_path / "a.png", turns=0, **BOX, max_pixels=HEIGHT * WIDTH - 1)
