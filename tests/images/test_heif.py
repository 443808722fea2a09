"""HEIC and AVIF files, written by their libraries, against the same picture in a PNG file."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import torch
from PIL import Image

from barestyle.errors import ImageError, PixelLimitError
from barestyle.images import Picture, read
from barestyle.images.decode import readable_extensions
from tests.images.samples import HEIGHT, IMAGE, WIDTH

KINDS = ["heic", "avif"]

P3_TO_SRGB = np.array([[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]])
"""Linear light of Display P3 to that of sRGB (CSS Color 4, by way of XYZ, to four digits)."""


def smooth(low: int = 20, high: int = 235) -> Image.Image:
    """Return a picture that both formats store almost exactly, and that no rotation or mirroring leaves unchanged."""
    x, y = np.meshgrid(np.linspace(low, high, 64), np.linspace(low, high, 48))
    return Image.fromarray(np.stack([x, y, (x + y) / 2], axis=2).round().astype(np.uint8))


def save(path: Path, image: Image.Image, **options: Any) -> Path:
    """Write an image as HEIC or AVIF, as close to lossless as the encoder can."""
    if path.suffix == ".heic":
        pillow_heif.from_pillow(image).save(path, quality=-1, chroma=444, **options)
    else:
        image.save(path, quality=100, subsampling="4:4:4", **options)
    return path


def check_equal(picture: Picture, expected: Picture, levels: float = 3) -> None:
    assert (picture.height, picture.width) == (expected.height, expected.width)
    torch.testing.assert_close(picture.pixels, expected.pixels, rtol=0, atol=levels / 255)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied_once(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    smooth().save(tmp_path / "a.png", exif=exif)
    path = save(tmp_path / f"a.{kind}", smooth(), exif=exif.tobytes())
    check_equal(read(path), read(tmp_path / "a.png"))


def test_an_orientation_in_the_exif_data_of_a_heic_is_ignored(tmp_path: Path) -> None:
    """Telephones write it beside the rotation of the file, for programs that convert the file to JPEG."""
    path = save(tmp_path / "a.heic", smooth())
    file = pillow_heif.open_heif(path)
    exif = Image.Exif()
    exif[274] = 1
    file.info["exif"] = exif.tobytes()
    file.save(path, quality=-1, chroma=444)
    data = path.read_bytes()
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01"  # orientation, one short, big-endian
    entry = entry if entry in data else b"\x12\x01\x03\x00\x01\x00\x00\x00"
    assert data.count(entry) == 1
    at = data.index(entry) + 8
    one = data[at : at + 2]
    path.write_bytes(data[:at] + one.replace(b"\x01", b"\x06") + data[at + 2 :])
    check_equal(read(path), read(smooth()))


@pytest.mark.parametrize("kind", KINDS)
def test_alpha_is_kept(tmp_path: Path, kind: str) -> None:
    image = smooth()
    image.putalpha(Image.fromarray(np.linspace(0, 255, 64).round().astype(np.uint8)[None].repeat(48, 0)))
    picture, expected = read(save(tmp_path / f"a.{kind}", image)), read(image)
    check_equal(picture, expected)
    assert picture.alpha is not None
    assert expected.alpha is not None
    torch.testing.assert_close(picture.alpha, expected.alpha, rtol=0, atol=1.5 / 255)


def p3_profile() -> bytes:
    """Return a Display P3 profile like that in photographs of telephones."""
    x = np.linspace(0, 1, 4096)
    curve = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    primaries = (0.68, 0.32, 1.0, 0.265, 0.69, 1.0, 0.15, 0.06, 1.0)
    table = np.rint(curve * 65535).astype(np.uint16)
    return bytes(
        imagecodecs.cms_profile("rgb", whitepoint=(0.3127, 0.329, 1.0), primaries=primaries, transferfunction=table)
    )


def muted() -> Image.Image:
    """Return a picture whose colors, read as Display P3, are within sRGB; a level of error stays small."""
    return smooth(100, 200)


@pytest.mark.parametrize("kind", KINDS)
def test_a_color_profile_is_converted_as_in_a_png(tmp_path: Path, kind: str) -> None:
    muted().save(tmp_path / "a.png", icc_profile=p3_profile())
    path = save(tmp_path / f"a.{kind}", muted(), icc_profile=p3_profile())
    converted = read(tmp_path / "a.png")
    assert float((converted.pixels - read(muted()).pixels).abs().max()) > 0.03
    check_equal(read(path), converted, levels=6)


def to_srgb(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return Display P3 as sRGB by its definition; values in 0..1."""
    linear = np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)
    linear = (linear @ P3_TO_SRGB.T).clip(0, 1)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("kind", KINDS)
def test_code_points_of_display_p3_are_converted(tmp_path: Path, kind: str) -> None:
    """Files without a profile name their color space by two numbers."""
    path = save(tmp_path / f"a.{kind}", muted())
    data = path.read_bytes()
    assert data.count(b"colrnclx") == 1
    at = data.index(b"colrnclx") + 8
    path.write_bytes(data[:at] + b"\0\x0c" + data[at + 2 :])
    expected = to_srgb(np.asarray(muted()) / 255)
    pixels = read(path).pixels[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=6 / 255)
    path.write_bytes(data[:at] + b"\0\x0c\0\x10" + data[at + 4 :])
    with pytest.warns(UserWarning, match=r"has HDR brightness \(PQ\), which is read as that of sRGB"):
        read(path)


def test_10_bits_are_kept(tmp_path: Path) -> None:
    """A ramp finer than 8 bits stays finer, also after a conversion of colors."""
    ramp = np.linspace(20_000, 24_000, 64).round().astype(np.uint16)[None, :, None].repeat(48, 0).repeat(3, 2)
    file = pillow_heif.from_bytes(mode="RGB;16", size=(64, 48), data=ramp.tobytes())
    for profile in (None, p3_profile()):
        options = {} if profile is None else {"icc_profile": profile}
        file.save(tmp_path / "a.heic", quality=-1, chroma=444, **options)
        picture = read(tmp_path / "a.heic")
        assert picture.bits == 16
        expected = torch.from_numpy(ramp / 65535).permute(2, 0, 1)[None].float()  # gray is the same in both spaces
        torch.testing.assert_close(picture.pixels, expected, rtol=0, atol=2 / 1023)
        assert len(np.unique(picture.pixels.numpy())) > 40


def test_gray(tmp_path: Path) -> None:
    check_equal(read(save(tmp_path / "a.heic", smooth().convert("L"))), read(smooth().convert("L")))


def test_the_primary_of_several_images_is_read_with_a_warning(tmp_path: Path) -> None:
    file = pillow_heif.from_pillow(smooth().transpose(Image.Transpose.ROTATE_180))
    file.add_from_pillow(smooth())
    file.save(tmp_path / "a.heic", quality=-1, chroma=444, primary_index=1)
    with pytest.warns(UserWarning, match=r"a\.heic' has 2 images; the first one is used"):
        picture = read(tmp_path / "a.heic")
    assert picture.frames == 2
    check_equal(picture, read(smooth()))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_heic_that_is_cut_short(tmp_path: Path, share: float) -> None:
    data = save(tmp_path / "a.heic", IMAGE).read_bytes()
    (tmp_path / "a.heic").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ImageError, match=r"a\.heic' is damaged or cut short \(.*\); get the file again") as error:
        read(tmp_path / "a.heic")
    assert "\n" not in str(error.value)


def test_the_limit_of_pixels(tmp_path: Path) -> None:
    path = save(tmp_path / "a.heic", IMAGE)
    assert read(path, max_pixels=HEIGHT * WIDTH).width == WIDTH
    with pytest.raises(PixelLimitError, match=f"{WIDTH} x {HEIGHT}"):
        read(path, max_pixels=HEIGHT * WIDTH - 1)


def test_folders_of_photographs_include_them() -> None:
    assert readable_extensions() >= {".heic", ".heif", ".hif", ".avif", ".jxl"}
    assert not readable_extensions() & {".mp4", ".mov", ".mpg"}


def test_the_library_is_loaded_for_a_heic_only(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.png")
    code = (
        "import pathlib, sys; from barestyle.images.decode import decode_file, readable_extensions; "
        "decode_file(pathlib.Path(sys.argv[1]), 10**6); readable_extensions(); sys.exit('pi_heif' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], check=True)


def test_an_avif_of_10_bits_is_read(tmp_path: Path) -> None:
    samples = np.asarray(smooth()).astype(np.uint16) * 4
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(samples, bitspersample=10, level=100))
    check_equal(read(tmp_path / "a.avif"), read(smooth()))


def test_the_format_is_found_by_the_contents_not_the_name(tmp_path: Path) -> None:
    """Telephones and messengers rename files."""
    save(tmp_path / "a.heic", smooth()).rename(tmp_path / "a.jpg")
    check_equal(read(tmp_path / "a.jpg"), read(smooth()))
    buffer = io.BytesIO()
    smooth().save(buffer, "PNG")
    (tmp_path / "b.heic").write_bytes(buffer.getvalue())
    check_equal(read(tmp_path / "b.heic"), read(smooth()), levels=0)


def test_the_samples_outlive_the_decoder(tmp_path: Path) -> None:
    """They are a copy: the library frees its memory with the file, and would use it again."""
    path = tmp_path / "a.heic"
    pillow_heif.from_pillow(smooth()).save(path, quality=90)
    first = read(path).pixels
    for _ in range(3):
        assert read(path).pixels.equal(first)
