"""Encoding: round trips by format, rounding, and records inside PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image

from barestyle.errors import ImageError, PixelLimitError
from barestyle.images import encode, read
from barestyle.images.jpeg_xl import read_size

PIXELS = torch.rand(1, 3, 12, 17, generator=torch.Generator().manual_seed(0))
ALPHA = torch.rand(1, 1, 12, 17, generator=torch.Generator().manual_seed(1))


def write_file(tmp_path: Path, extension: str, alpha: torch.Tensor | None, bits: Literal[8, 16] = 8) -> Path:
    path = tmp_path / f"a{extension}"
    path.write_bytes(encode(PIXELS, alpha, extension, bits=bits))
    return path


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("extension", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize("transparent", [False, True])
def test_lossless_round_trips(tmp_path: Path, extension: str, bits: Literal[8, 16], transparent: bool) -> None:
    picture = read(write_file(tmp_path, extension, ALPHA if transparent else None, bits))
    half_level = 0.5 / (2**bits - 1) + 1e-6
    assert picture.bits == bits
    expected = PIXELS * ALPHA + 1 - ALPHA if transparent else PIXELS
    torch.testing.assert_close(picture.pixels, expected, rtol=0, atol=3 * half_level)
    if transparent:
        assert picture.alpha is not None
        torch.testing.assert_close(picture.alpha, ALPHA, rtol=0, atol=half_level)


@pytest.mark.parametrize("extension", [".jpg", ".jpeg", ".webp", ".avif", ".jxl"])
def test_lossy_formats_are_close(tmp_path: Path, extension: str) -> None:
    smooth = torch.linspace(0, 1, 64).expand(1, 3, 48, 64)
    path = tmp_path / f"a{extension}"
    path.write_bytes(encode(smooth, None, extension))
    torch.testing.assert_close(read(path).pixels, smooth, rtol=0, atol=0.02)


@pytest.mark.parametrize("extension", [".avif", ".jxl"])
def test_alpha_and_colors_in_avif_and_jpeg_xl(tmp_path: Path, extension: str) -> None:
    ramps = (
        torch.linspace(0.2, 0.8, 64).expand(1, 1, 48, 64),
        torch.linspace(0.2, 0.8, 48)[:, None].expand(1, 1, 48, 64),
    )
    colors = torch.cat([ramps[0], ramps[1], 1 - ramps[0]], dim=1)
    path = tmp_path / f"a{extension}"
    for alpha in (None, ramps[1]):
        path.write_bytes(encode(colors, alpha, extension))
        picture = read(path)
        expected = colors if alpha is None else colors * alpha + 1 - alpha
        torch.testing.assert_close(picture.pixels, expected, rtol=0, atol=0.03)
        assert (picture.alpha is None) == (alpha is None)
        if picture.alpha is not None and alpha is not None:
            torch.testing.assert_close(picture.alpha, alpha, rtol=0, atol=0.03)


def test_jpeg_xl_has_16_bits(tmp_path: Path) -> None:
    ramp = torch.linspace(0.5, 0.52, 64).expand(1, 3, 48, 64)
    for bits in (8, 16):
        (tmp_path / "a.jxl").write_bytes(encode(ramp, None, ".jxl", bits=bits))
        picture = read(tmp_path / "a.jxl")
        assert picture.bits == bits
        torch.testing.assert_close(picture.pixels, ramp, rtol=0, atol=0.01)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (8, 256), (7, 300), (400, 300), (64, 36), (513, 9000), (33, 66)])
def test_the_size_of_a_jpeg_xl_is_known_before_it_is_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    height, width = size
    samples = np.zeros((height, width, 3), np.uint8)
    for container in (False, True):
        data = bytes(imagecodecs.jpegxl_encode(samples, effort=1, usecontainer=container))
        assert read_size(data) == (width, height)
    (tmp_path / "a.jxl").write_bytes(data)
    with pytest.raises(PixelLimitError, match=f"has {width} x {height} = "):
        read(tmp_path / "a.jxl", max_pixels=height * width - 1)


def test_a_damaged_jpeg_xl(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    data = encode(PIXELS, None, ".jxl")
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match=r"a\.jxl' is damaged or cut short \(.*\); get the file again"):
        read(path)


def test_jpeg_composites_transparency_over_white(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(torch.zeros(1, 3, 16, 16), torch.zeros(1, 1, 16, 16), ".jpg"))
    assert float(read(path).pixels.min()) > 0.99


def test_the_same_image_gives_the_same_bytes() -> None:
    for extension in (".png", ".jpg", ".tif", ".webp", ".avif", ".jxl"):
        assert encode(PIXELS, ALPHA, extension) == encode(PIXELS, ALPHA, extension)


def test_a_record_inside_a_png_is_read_by_pillow(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(PIXELS, None, ".png", bits=16, record='{"ü": "±"}'))
    with Image.open(path) as image:
        image.load()
        assert image.text["barestyle"] == '{"ü": "±"}'  # type: ignore[attr-defined]


def test_values_are_rounded_to_the_nearest_level(tmp_path: Path) -> None:
    values = torch.tensor([0.0, 0.499 / 255, 0.501 / 255, 1.4 / 255, 254.6 / 255, 1.0]).expand(1, 3, 1, 6)
    path = tmp_path / "a.png"
    path.write_bytes(encode(values, None, ".png"))
    assert np.asarray(Image.open(path))[0, :, 0].tolist() == [0, 0, 1, 1, 255, 255]
