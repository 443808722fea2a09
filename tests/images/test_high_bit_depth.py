"""Images with more than 8 bits per channel: PNG and TIFF, against NumPy."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from barestyle.errors import ImageError
from barestyle.images import read
from tests.images.samples import HEIGHT, SAMPLES_16, WIDTH, read_levels


def test_orientation_of_16_bit_files(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", SAMPLES_16, photometric="rgb", extratags=[(274, 3, 1, 6, True)])
    assert np.array_equal(read_levels(tmp_path / "a.tif", 65535), np.rot90(SAMPLES_16, -1))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_16_bits_are_kept(tmp_path: Path, channels: int, kind: str) -> None:
    samples = np.random.default_rng(1).integers(0, 65536, (HEIGHT, WIDTH, channels)).astype(np.uint16)
    path = tmp_path / f"a.{kind}"
    if kind == "png":
        path.write_bytes(imagecodecs.png_encode(samples[..., 0].copy() if channels == 1 else samples))
    else:
        extra = {"extrasamples": ["unassalpha"]} if channels in (2, 4) else {}
        photometric = "rgb" if channels > 2 else "minisblack"
        planar = {"planarconfig": "contig"} if channels == 2 else {}
        tifffile.imwrite(
            path, samples[..., 0] if channels == 1 else samples, photometric=photometric, **extra, **planar
        )
    picture = read(path)
    assert picture.bits == 16
    values = samples.astype(np.float64) / 65535
    alpha = values[..., -1:] if channels in (2, 4) else 1.0
    color = values[..., :-1] if channels in (2, 4) else values
    expected = np.broadcast_to(color, (HEIGHT, WIDTH, 3)) * alpha + 1 - alpha
    np.testing.assert_allclose(picture.pixels[0].permute(1, 2, 0), expected, atol=2e-6)


def test_a_float_tiff_in_cmyk(tmp_path: Path) -> None:
    ink = np.random.default_rng(5).random((HEIGHT, WIDTH, 4)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", ink, photometric="separated")
    expected = (1 - ink[..., :3]) * (1 - ink[..., 3:])
    np.testing.assert_allclose(read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0), expected, atol=1e-6)


def test_a_tiff_that_ends_after_four_bytes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(ImageError):
        read(tmp_path / "a.tif")


def test_premultiplied_colors_are_divided_by_alpha(tmp_path: Path) -> None:
    """Associated alpha (TIFF 6.0, section 18): over white, premultiplied colors are complete but for the white."""
    alpha = np.random.default_rng(2).integers(1, 65536, (HEIGHT, WIDTH, 1)).astype(np.float64) / 65535
    color = SAMPLES_16.astype(np.float64) / 65535
    samples = np.rint(np.concatenate([color * alpha, alpha], axis=2) * 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", extrasamples=["assocalpha"])
    expected = samples[..., :3] / 65535 + 1 - alpha
    np.testing.assert_allclose(read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0), expected, atol=2e-5)


def test_separate_planes_of_a_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", SAMPLES_16.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_levels(tmp_path / "a.tif", 65535), SAMPLES_16)


def test_a_float_tiff_must_be_in_the_unit_range(tmp_path: Path) -> None:
    samples = (SAMPLES_16 / 65535).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb")
    np.testing.assert_allclose(read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0), samples)
    tifffile.imwrite(tmp_path / "b.tif", samples * 7, photometric="rgb")
    with pytest.raises(ImageError, match=r"must have floats in 0\.\.1, not from .* to .*; scale them first"):
        read(tmp_path / "b.tif")


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_samples_in_the_lower_bits_are_scaled(tmp_path: Path, bits: int) -> None:
    top = 2**bits - 1
    samples = np.linspace(0, top, WIDTH * HEIGHT * 3).round().astype(np.uint16).reshape(HEIGHT, WIDTH, 3)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", bitspersample=bits)
    pixels = read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0).numpy()
    assert np.allclose(pixels, samples / top, atol=1e-4)


def test_a_tiff_whose_zero_is_white_keeps_its_alpha(tmp_path: Path) -> None:
    samples = np.stack([SAMPLES_16[..., 0], np.full((HEIGHT, WIDTH), 65535, np.uint16)], axis=2)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="miniswhite", extrasamples=["unassalpha"])
    picture = read(tmp_path / "a.tif")
    assert picture.alpha is None
    assert np.allclose(picture.pixels[0, 0].numpy(), 1 - SAMPLES_16[..., 0] / 65535, atol=1e-4)


def test_other_color_models_are_an_error(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", SAMPLES_16, photometric="cielab")
    with pytest.raises(ImageError, match="is a TIFF with CIELAB colors; gray, RGB and CMYK can be read"):
        read(tmp_path / "a.tif")
