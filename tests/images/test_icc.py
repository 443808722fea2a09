"""ICC profiles and color models, against sRGB's definition."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageCms

from barestyle.images import read
from barestyle.images.icc import srgb_profile
from tests.conftest import planes
from tests.images.samples import HEIGHT, IMAGE, LEVELS, WIDTH, read_levels


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_16_bit_gray_with_a_profile(tmp_path: Path, kind: str) -> None:
    """Gray with a linear profile: against sRGB's own curve (IEC 61966-2-1)."""
    linear = imagecodecs.cms_profile("gray", gamma=1.0)
    samples = np.linspace(0, 65535, HEIGHT * WIDTH).round().astype(np.uint16).reshape(HEIGHT, WIDTH)
    path = tmp_path / f"a.{kind}"
    if kind == "png":
        Image.fromarray(samples).save(path, icc_profile=linear)
    else:
        tifffile.imwrite(path, samples, photometric="minisblack", extratags=[(34675, 7, len(linear), linear, True)])
    x = samples / 65535
    expected = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(read(path).pixels[0, 0], expected, atol=2e-3)


def swap_red_and_green() -> bytes:
    """Return an sRGB profile with red and green exchanged, so that a conversion is obvious."""
    data = bytearray(srgb_profile())
    count = int.from_bytes(data[128:132], "big")
    offsets = {bytes(data[132 + 12 * i : 136 + 12 * i]): 136 + 12 * i for i in range(count)}
    red, green = offsets[b"rXYZ"], offsets[b"gXYZ"]
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data)


@pytest.mark.parametrize("deep", [False, True])
def test_profiles_are_applied(tmp_path: Path, deep: bool) -> None:
    colors = np.zeros((HEIGHT, WIDTH, 3), np.uint16 if deep else np.uint8)
    colors[..., 0] = np.iinfo(colors.dtype).max
    path = tmp_path / ("a.tif" if deep else "a.png")
    if deep:
        tifffile.imwrite(path, colors, photometric="rgb", iccprofile=swap_red_and_green())
    else:
        Image.fromarray(colors).save(path, icc_profile=swap_red_and_green())
    red, green, blue = read(path).pixels.mean((0, 2, 3)).tolist()
    assert green > 0.98
    assert max(red, blue) < 0.02


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.png", icc_profile=srgb_profile())
    assert np.abs(read_levels(tmp_path / "a.png") - LEVELS).max() <= 1


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    IMAGE.convert("CMYK").save(tmp_path / "a.tif")
    IMAGE.convert("CMYK").save(tmp_path / "a.jpg", quality=100, subsampling=0)
    assert np.abs(read_levels(tmp_path / "a.tif") - LEVELS).max() <= 1
    assert np.abs(read_levels(tmp_path / "a.jpg") - LEVELS).mean() < 3


def test_an_image_in_lab() -> None:
    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(IMAGE, transform)
    assert lab is not None
    torch.testing.assert_close(read(lab).pixels, planes(IMAGE), rtol=0, atol=6 / 255)


def test_a_broken_profile_is_ignored_with_a_warning(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.png", icc_profile=b"no profile at all" * 20)
    with pytest.warns(UserWarning, match="the ICC profile in .* cannot be used"):
        levels = read_levels(tmp_path / "a.png")
    assert np.array_equal(levels, LEVELS)


def build_linear_gray_profile() -> bytes:
    """Return a gray profile with linear values (ICC.1:2022, a curve without entries)."""

    def tagged(signature: bytes, data: bytes) -> bytes:
        return signature + bytes(4) + data

    white = tagged(b"XYZ ", np.array([0xF6D6, 0x10000, 0xD32D], ">u4").tobytes())
    curve = tagged(b"curv", bytes(4))
    parts = [(b"wtpt", white), (b"kTRC", curve)]
    table, body, start = b"", b"", 128 + 4 + 12 * len(parts)
    for name, data in parts:
        table += name + np.array([start + len(body), len(data)], ">u4").tobytes()
        body += data
    size = np.array([start + len(body)], ">u4").tobytes()
    header = size + bytes(4) + b"\x02\x10\0\0mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28) + white[8:] + bytes(48)
    return header + np.array([len(parts)], ">u4").tobytes() + table + body


@pytest.mark.parametrize("alpha", [None, "A", "tRNS"])
def test_8_bit_gray_with_a_profile(tmp_path: Path, alpha: str | None) -> None:
    """Linear light of 128/255 is 0.737 in sRGB (IEC 61966-2-1), with and without transparency."""
    gray = Image.new("LA" if alpha == "A" else "L", (20, 20), (128, 255) if alpha == "A" else 128)
    options: dict[str, Any] = {"transparency": 7} if alpha == "tRNS" else {}
    gray.save(tmp_path / "gray.png", icc_profile=build_linear_gray_profile(), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = read(tmp_path / "gray.png").pixels
    assert float(pixels.mean()) == pytest.approx(1.055 * (128 / 255) ** (1 / 2.4) - 0.055, abs=0.004)
