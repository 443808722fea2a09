"""Reading: every kind of file that people have, against Pillow, imagecodecs and the plain picture."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageCms

from barestyle.errors import ImageError
from barestyle.images import read
from barestyle.images.high_bit_depth import oriented
from barestyle.images.icc import srgb
from tests.conftest import drawing, planes

WIDTH, HEIGHT = 20, 14
PICTURE = drawing(WIDTH, HEIGHT, seed=5)
LEVELS = np.asarray(PICTURE)
DEEP = (np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH, 3))).astype(np.uint16)


def levels(path: Path, top: int = 255) -> np.ndarray[Any, Any]:
    pixels: np.ndarray[Any, Any] = read(path).pixels[0].permute(1, 2, 0).numpy()
    return np.asarray(np.rint(pixels * top), dtype=int)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.gif", "a.webp", "a.ppm"])
def test_lossless_kinds_of_file(tmp_path: Path, name: str) -> None:
    image = PICTURE.quantize(32) if name.endswith("gif") else PICTURE
    options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
    image.save(tmp_path / name, **options)
    assert np.array_equal(levels(tmp_path / name), np.asarray(image.convert("RGB")))


def test_jpeg(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.jpg", quality=90)
    assert np.array_equal(levels(tmp_path / "a.jpg"), np.asarray(Image.open(tmp_path / "a.jpg")))


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "LA", "La", "PA", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "I", "F"]
)
def test_every_mode_of_pil_becomes_rgb(mode: str) -> None:
    if mode == "F":
        image: Image.Image = Image.fromarray(np.asarray(PICTURE.convert("L"), dtype=np.float32) / 255)
    elif mode == "I":
        image = Image.fromarray(np.asarray(PICTURE.convert("L")).astype(np.int32) * 257)
    elif mode in ("La", "RGBa"):
        image = PICTURE.convert(mode[:-1] + "A").convert(mode)
    elif mode == "PA":
        image = PICTURE.convert("P").convert("PA")
    else:
        image = PICTURE.convert(mode)
    expected = planes(
        PICTURE.convert("L").convert("RGB") if mode in ("L", "LA", "La", "I", "F") else image.convert("RGB")
    )
    torch.testing.assert_close(read(image).pixels, expected, rtol=0, atol=1.5 / 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    """Against the definition: where the stored picture's top left corner belongs."""
    exif = Image.Exif()
    exif[274] = orientation
    PICTURE.save(tmp_path / "a.png", exif=exif)
    found = levels(tmp_path / "a.png")
    assert found.shape[:2] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    assert found[corner[orientation]].tolist() == LEVELS[0, 0].tolist()
    assert np.array_equal(found, oriented(LEVELS, orientation)), "deep pictures are turned by the same rule"


def test_orientation_of_16_bit_files(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP, photometric="rgb", extratags=[(274, 3, 1, 6, True)])
    assert np.array_equal(levels(tmp_path / "a.tif", 65535), np.rot90(DEEP, -1))


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


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_a_16_bit_gray_scan_with_its_profile(tmp_path: Path, kind: str) -> None:
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


def test_a_float_tiff_in_four_inks(tmp_path: Path) -> None:
    ink = np.random.default_rng(5).random((HEIGHT, WIDTH, 4)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", ink, photometric="separated")
    expected = (1 - ink[..., :3]) * (1 - ink[..., 3:])
    np.testing.assert_allclose(read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0), expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_is_a_gray_picture() -> None:
    gray = LEVELS[..., 0]
    assert torch.equal(read(np.asmatrix(gray)).pixels, read(gray).pixels)


def test_the_first_four_bytes_of_a_tiff(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(ImageError):
        read(tmp_path / "a.tif")


def test_colors_that_were_multiplied_by_alpha(tmp_path: Path) -> None:
    """Associated alpha (TIFF 6.0, section 18): composited over white, premultiplied colors only lack the white."""
    alpha = np.random.default_rng(2).integers(1, 65536, (HEIGHT, WIDTH, 1)).astype(np.float64) / 65535
    color = DEEP.astype(np.float64) / 65535
    samples = np.rint(np.concatenate([color * alpha, alpha], axis=2) * 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", extrasamples=["assocalpha"])
    expected = samples[..., :3] / 65535 + 1 - alpha
    np.testing.assert_allclose(read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0), expected, atol=2e-5)


def test_separate_planes_of_a_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    assert np.array_equal(levels(tmp_path / "a.tif", 65535), DEEP)


def test_a_float_tiff_in_the_unit_range(tmp_path: Path) -> None:
    samples = (DEEP / 65535).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb")
    np.testing.assert_allclose(read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0), samples)
    tifffile.imwrite(tmp_path / "b.tif", samples * 7, photometric="rgb")
    with pytest.raises(ImageError, match=r"floats have to lie in 0\.\.1, so scale them first"):
        read(tmp_path / "b.tif")


def swapped_profile() -> bytes:
    """A valid RGB profile whose red and green are exchanged, so that a conversion shows at once."""
    data = bytearray(srgb())
    count = int.from_bytes(data[128:132], "big")
    offsets = {bytes(data[132 + 12 * i : 136 + 12 * i]): 136 + 12 * i for i in range(count)}
    red, green = offsets[b"rXYZ"], offsets[b"gXYZ"]
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data)


@pytest.mark.parametrize("deep", [False, True])
def test_icc_profiles_are_converted(tmp_path: Path, deep: bool) -> None:
    colors = np.zeros((HEIGHT, WIDTH, 3), np.uint16 if deep else np.uint8)
    colors[..., 0] = np.iinfo(colors.dtype).max
    path = tmp_path / ("a.tif" if deep else "a.png")
    if deep:
        tifffile.imwrite(path, colors, photometric="rgb", iccprofile=swapped_profile())
    else:
        Image.fromarray(colors).save(path, icc_profile=swapped_profile())
    red, green, blue = read(path).pixels.mean((0, 2, 3)).tolist()
    assert green > 0.98
    assert max(red, blue) < 0.02


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png", icc_profile=srgb())
    assert np.abs(levels(tmp_path / "a.png") - LEVELS).max() <= 1


def test_cmyk_without_profile(tmp_path: Path) -> None:
    PICTURE.convert("CMYK").save(tmp_path / "a.tif")
    PICTURE.convert("CMYK").save(tmp_path / "a.jpg", quality=100, subsampling=0)
    assert np.abs(levels(tmp_path / "a.tif") - LEVELS).max() <= 1
    assert np.abs(levels(tmp_path / "a.jpg") - LEVELS).mean() < 3


def test_an_lab_picture() -> None:
    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(PICTURE, transform)
    assert lab is not None
    torch.testing.assert_close(read(lab).pixels, planes(PICTURE), rtol=0, atol=6 / 255)


def test_a_broken_profile_is_warned_of_and_left_out(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png", icc_profile=b"no profile at all" * 20)
    with pytest.warns(UserWarning, match="the ICC profile in .* cannot be used"):
        found = levels(tmp_path / "a.png")
    assert np.array_equal(found, LEVELS)


def test_alpha_is_laid_over_white_and_kept() -> None:
    alpha = np.linspace(0, 255, WIDTH).astype(np.uint8)[None].repeat(HEIGHT, 0)
    picture = read(np.concatenate([LEVELS, alpha[..., None]], axis=2))
    a = torch.from_numpy(alpha / 255).float()
    torch.testing.assert_close(picture.pixels, planes(PICTURE) * a + 1 - a)
    assert picture.alpha is not None
    torch.testing.assert_close(picture.alpha[0, 0], a)


def test_an_opaque_alpha_is_no_alpha() -> None:
    assert read(PICTURE.convert("RGBA")).alpha is None


def test_a_palette_with_a_transparent_color(tmp_path: Path) -> None:
    image = PICTURE.quantize(8)
    image.info["transparency"] = 0
    image.save(tmp_path / "a.png")
    picture = read(tmp_path / "a.png")
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha[0, 0].numpy() == 0, np.asarray(image) == 0)


def test_arrays_and_tensors_of_every_type() -> None:
    expected = planes(PICTURE)
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
        PICTURE,
    ):
        torch.testing.assert_close(read(source).pixels, expected, rtol=0, atol=1e-6)
    assert read(deep).bits == 16
    assert read(LEVELS).bits == 8
    gray = read(LEVELS[..., 0])
    assert torch.equal(gray.pixels[0, 0], gray.pixels[0, 2])


def test_the_same_picture_has_the_same_hash() -> None:
    assert read(LEVELS).sha256 == read(LEVELS.copy()).sha256 != read(LEVELS[::-1]).sha256


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((0, 4, 3), np.uint8), "the array has the shape"),
        (np.zeros((4, 4, 5), np.uint8), "1 to 4 channels"),
        (np.zeros(4, np.uint8), "the array has the shape"),
        (np.zeros((4, 4, 3), np.int64), "samples of type int64"),
        (np.full((4, 4, 3), 2.0), r"floats have to lie in 0\.\.1"),
        (np.full((4, 4, 3), np.nan), r"floats have to lie in 0\.\.1"),
        (torch.zeros(2, 3, 4, 4), r"the tensor has the shape \(2, 3, 4, 4\)"),
        (torch.zeros(4, 4), r"the tensor has the shape \(4, 4\)"),
        (42, "a int is no picture"),
    ],
)
def test_objects_that_are_no_picture(source: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        read(source)


def test_the_pixel_limit_counts_before_decoding(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(buffer, "PNG")
    path = tmp_path / "bomb.png"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ImageError, match=r"20000 x 10000 = 200,000,000 pixels, more than the limit of 178,956,970"):
        read(path)
    with pytest.raises(ImageError, match="limit of 279"):
        read(LEVELS, max_pixels=WIDTH * HEIGHT - 1)
    assert read(LEVELS, max_pixels=WIDTH * HEIGHT).width == WIDTH


def test_a_picture_that_was_read_is_returned_as_it_is(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png")
    picture = read(tmp_path / "a.png")
    assert read(picture) is picture
    with pytest.raises(ImageError, match=r"a.png' has 20 x 14 = 280 pixels, more than the limit of 100"):
        read(picture, max_pixels=100)


def test_reading_leaves_pillows_own_limit_alone(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    PICTURE.save(tmp_path / "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(tmp_path / "a.png")
    assert before == Image.MAX_IMAGE_PIXELS


def linear_gray() -> bytes:
    """A profile of one channel whose values are light itself (ICC.1:2022, a curve of no entries)."""

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
def test_gray_with_a_profile_of_its_own(tmp_path: Path, alpha: str | None) -> None:
    """Linear light of 128/255 is 0.737 in sRGB (IEC 61966-2-1), with and without transparency."""
    gray = Image.new("LA" if alpha == "A" else "L", (20, 20), (128, 255) if alpha == "A" else 128)
    options: dict[str, Any] = {"transparency": 7} if alpha == "tRNS" else {}
    gray.save(tmp_path / "gray.png", icc_profile=linear_gray(), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = read(tmp_path / "gray.png").pixels
    assert float(pixels.mean()) == pytest.approx(1.055 * (128 / 255) ** (1 / 2.4) - 0.055, abs=0.004)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_the_lower_bits_of_a_camera(tmp_path: Path, bits: int) -> None:
    top = 2**bits - 1
    samples = np.linspace(0, top, WIDTH * HEIGHT * 3).round().astype(np.uint16).reshape(HEIGHT, WIDTH, 3)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", bitspersample=bits)
    pixels = read(tmp_path / "a.tif").pixels[0].permute(1, 2, 0).numpy()
    assert np.allclose(pixels, samples / top, atol=1e-4)


def test_white_is_zero_but_opaque_is_not(tmp_path: Path) -> None:
    samples = np.stack([DEEP[..., 0], np.full((HEIGHT, WIDTH), 65535, np.uint16)], axis=2)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="miniswhite", extrasamples=["unassalpha"])
    picture = read(tmp_path / "a.tif")
    assert picture.alpha is None
    assert np.allclose(picture.pixels[0, 0].numpy(), 1 - DEEP[..., 0] / 65535, atol=1e-4)


def test_colors_of_another_kind_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP, photometric="cielab")
    with pytest.raises(ImageError, match="is a TIFF of CIELAB colors; gray, RGB and CMYK can be read"):
        read(tmp_path / "a.tif")


def told(path: Path) -> str | None:
    """What reading a file is answered with, or None where it is a picture."""
    try:
        read(path, max_pixels=10_000)
    except ImageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", ["png", "tif", "jpg", "webp", "gif", "deep.png", "deep.tif"])
def test_damage_of_any_kind_is_an_image_error(tmp_path: Path, kind: str) -> None:
    """Seeded bytes in seeded places: either it is still a picture, or the answer is a sentence."""
    path = tmp_path / f"a.{kind}"
    if kind.startswith("deep"):
        path.write_bytes(imagecodecs.png_encode(DEEP) if kind.endswith("png") else imagecodecs.tiff_encode(DEEP))
    else:
        PICTURE.save(path)
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, min(len(whole), 400), 3):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert told(path) is None or "\n" not in str(told(path))


@pytest.mark.parametrize("spoil", ["cut", "closed", "sparse", "meta", "a path with \0"])
def test_objects_that_cannot_be_read(tmp_path: Path, spoil: str) -> None:
    PICTURE.save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    lazy = Image.open(io.BytesIO(data[: len(data) // 2] if spoil == "cut" else data))
    if spoil == "closed":
        lazy.close()
    tensor = torch.rand(3, HEIGHT, WIDTH)
    source: Any = {
        "sparse": tensor.to_sparse(),
        "meta": tensor.to("meta"),
        "a path with \0": "a\0b.png",
    }.get(spoil, lazy)
    with pytest.raises(ImageError):
        read(source)
