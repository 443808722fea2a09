"""Reading files, PIL images, arrays and tensors: formats, modes, orientation, transparency, the pixel limit."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle.errors import ImageError
from barestyle.images import read
from barestyle.images.high_bit_depth import apply_orientation
from tests.conftest import planes
from tests.images.samples import HEIGHT, IMAGE, LEVELS, WIDTH, read_levels


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.gif", "a.webp", "a.ppm"])
def test_lossless_formats(tmp_path: Path, name: str) -> None:
    image = IMAGE.quantize(32) if name.endswith("gif") else IMAGE
    options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
    image.save(tmp_path / name, **options)
    assert np.array_equal(read_levels(tmp_path / name), np.asarray(image.convert("RGB")))


def test_jpeg(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.jpg", quality=90)
    assert np.array_equal(read_levels(tmp_path / "a.jpg"), np.asarray(Image.open(tmp_path / "a.jpg")))


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "LA", "La", "PA", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "I", "F"]
)
def test_every_mode_of_pil_becomes_rgb(mode: str) -> None:
    if mode == "F":
        image: Image.Image = Image.fromarray(np.asarray(IMAGE.convert("L"), dtype=np.float32) / 255)
    elif mode == "I":
        image = Image.fromarray(np.asarray(IMAGE.convert("L")).astype(np.int32) * 257)
    elif mode in ("La", "RGBa"):
        image = IMAGE.convert(mode[:-1] + "A").convert(mode)
    elif mode == "PA":
        image = IMAGE.convert("P").convert("PA")
    else:
        image = IMAGE.convert(mode)
    expected = planes(
        IMAGE.convert("L").convert("RGB") if mode in ("L", "LA", "La", "I", "F") else image.convert("RGB")
    )
    torch.testing.assert_close(read(image).pixels, expected, rtol=0, atol=1.5 / 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    """Against the definition: where the top left corner of the stored image belongs."""
    exif = Image.Exif()
    exif[274] = orientation
    IMAGE.save(tmp_path / "a.png", exif=exif)
    oriented = read_levels(tmp_path / "a.png")
    assert oriented.shape[:2] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    assert oriented[corner[orientation]].tolist() == LEVELS[0, 0].tolist()
    assert np.array_equal(oriented, apply_orientation(LEVELS, orientation)), "16-bit images follow the same rule"


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_numpy_matrix_is_a_gray_image() -> None:
    gray = LEVELS[..., 0]
    assert torch.equal(read(np.asmatrix(gray)).pixels, read(gray).pixels)


def test_transparency_is_composited_over_white_and_returned() -> None:
    alpha = np.linspace(0, 255, WIDTH).astype(np.uint8)[None].repeat(HEIGHT, 0)
    picture = read(np.concatenate([LEVELS, alpha[..., None]], axis=2))
    a = torch.from_numpy(alpha / 255).float()
    torch.testing.assert_close(picture.pixels, planes(IMAGE) * a + 1 - a)
    assert picture.alpha is not None
    torch.testing.assert_close(picture.alpha[0, 0], a)


def test_an_opaque_image_has_no_alpha() -> None:
    assert read(IMAGE.convert("RGBA")).alpha is None


def test_a_palette_with_a_transparent_color(tmp_path: Path) -> None:
    image = IMAGE.quantize(8)
    image.info["transparency"] = 0
    image.save(tmp_path / "a.png")
    picture = read(tmp_path / "a.png")
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha[0, 0].numpy() == 0, np.asarray(image) == 0)


def test_arrays_and_tensors_of_every_type() -> None:
    expected = planes(IMAGE)
    deep = LEVELS.astype(np.uint16) * 257
    for source in (
        LEVELS,
        deep,
        LEVELS / 255,
        (LEVELS / 255).astype(np.float32),
        torch.from_numpy(LEVELS.copy()).permute(2, 0, 1),
        torch.from_numpy(LEVELS.copy()).permute(2, 0, 1)[None],
        expected,
        expected[0],
        IMAGE,
    ):
        torch.testing.assert_close(read(source).pixels, expected, rtol=0, atol=1e-6)
    assert read(deep).bits == 16
    assert read(LEVELS).bits == 8
    gray = read(LEVELS[..., 0])
    assert torch.equal(gray.pixels[0, 0], gray.pixels[0, 2])


def test_equal_images_have_equal_digests() -> None:
    assert read(LEVELS).sha256 == read(LEVELS.copy()).sha256 != read(LEVELS[::-1]).sha256


def test_the_pixel_limit_is_checked_before_decoding(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(buffer, "PNG")
    path = tmp_path / "bomb.png"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ImageError, match=r"20000 x 10000 = 200,000,000 pixels, more than the limit of 178,956,970"):
        read(path)
    with pytest.raises(ImageError, match="limit of 279"):
        read(LEVELS, max_pixels=WIDTH * HEIGHT - 1)
    assert read(LEVELS, max_pixels=WIDTH * HEIGHT).width == WIDTH


def test_a_picture_is_returned_unchanged(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.png")
    picture = read(tmp_path / "a.png")
    assert read(picture) is picture
    with pytest.raises(ImageError, match=r"a.png' has 20 x 14 = 280 pixels, more than the limit of 100"):
        read(picture, max_pixels=100)


def test_the_limit_of_pillow_is_restored(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    IMAGE.save(tmp_path / "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(tmp_path / "a.png")
    assert before == Image.MAX_IMAGE_PIXELS
