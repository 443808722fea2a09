"""Decode image files to samples: orientation applied, colors converted to sRGB. PyTorch is not imported."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from barestyle.errors import BarestyleError, ImageError, PixelLimitError
from barestyle.images import heif, high_bit_depth, icc, jpeg_xl, nclx, video_files
from barestyle.images.frames import count_frames, warn_of_frames
from barestyle.images.samples import PixelArray


class DecodedFile(NamedTuple):
    """What a file contains: samples (H, W, channels) in sRGB, and how they were stored.

    `frames` is the number of images in the file, and `is_lossy` tells whether its format may change colors.
    """

    samples: PixelArray
    bits: int
    sha256: str
    frames: int
    is_lossy: bool


_LOSSY_FORMATS = ("AVIF", "JPEG", "JPEG2000", "MPO", "WEBP")
"""Pillow's formats whose colors may differ from those that were saved."""


def decode_file(path: Path, max_pixels: int) -> DecodedFile:
    """Return the contents of an image file; warn if only the first of several images is used. Raises ImageError."""
    name = repr(str(path))
    return decode_bytes(_read_bytes(path, name), name, max_pixels, path)


def decode_bytes(data: bytes, name: str, max_pixels: int, path: Path) -> DecodedFile:
    """Return the contents of an image file from its bytes; `name` and `path` are for messages."""

    def check(width: int, height: int) -> None:
        check_pixels(width, height, max_pixels, name)

    if heif.is_heif(data):
        (samples, bits, frames), is_lossy, unit = heif.decode(data, name, check), True, "images"
    elif jpeg_xl.is_jpeg_xl(data):
        (samples, bits, frames), is_lossy, unit = jpeg_xl.decode(data, name, check), True, "frames"
    else:
        samples, bits, frames, form = _decode(data, path, name, check)
        is_lossy, unit = form in _LOSSY_FORMATS, "pages" if form == "TIFF" else "frames"
    warn_of_frames(name, frames, unit)
    return DecodedFile(samples, bits, hashlib.sha256(data).hexdigest(), frames, is_lossy)


def _decode(
    data: bytes, path: Path, name: str, check: Callable[[int, int], None]
) -> tuple[PixelArray, int, int, str | None]:
    """Return samples, bits per channel, number of frames, and Pillow's name of the format. Raises ImageError."""
    try:
        with without_pillow_limit(), Image.open(io.BytesIO(data), formats=_choose_formats(data)) as image:
            check(image.width, image.height)
            if image.format == "AVIF" and "icc_profile" not in image.info:
                image.info["icc_profile"] = nclx.find_profile(data, name)
            samples, bits = _decode_deep(image, data, name) or convert_image(image, name)
            return samples, bits, count_frames(image.format, data), image.format
    except UnidentifiedImageError:
        from barestyle.images.tiff import decode_tiff  # with tifffile

        frame = decode_tiff(data, name, check)
        if frame is None and path.suffix.lower() in video_files.EXTENSIONS:
            raise video_files.refuse_video(path) from None
        if frame is None:
            raise ImageError(
                f"{name} is not an image that can be read; give a PNG, JPEG, TIFF, WebP, GIF, BMP, HEIC, AVIF or "
                "similar file"
            ) from None
        return *frame, count_frames("TIFF", data), "TIFF"
    except BarestyleError:
        raise
    except MemoryError:
        raise build_size_error(name) from None
    except Exception as error:  # noqa: BLE001  # decoders raise all kinds of errors for damaged files
        raise ImageError(f"{name} is damaged or cut short ({first_line(error)}); get the file again") from None


def _decode_deep(image: Image.Image, data: bytes, name: str) -> tuple[PixelArray, int] | None:
    """Return samples and bits of a PNG or TIFF with more than 8 bits that Pillow opened, else None."""
    if not high_bit_depth.is_deep_tiff(image):
        return high_bit_depth.decode_png(image, data, name)
    from barestyle.images.tiff import decode_tiff  # with tifffile

    return decode_tiff(data, name, lambda _width, _height: None)


_COMMON_FORMATS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
"""Pillow's formats by the start of a file. The modules of all others are not imported for these."""


def _choose_formats(data: bytes) -> tuple[str, ...]:
    """Return the formats that a file can have, by Pillow's names."""
    for start, form in _COMMON_FORMATS.items():
        if data.startswith(start):
            return (form,)
    return _pillow_formats()


@cache
def _pillow_formats() -> tuple[str, ...]:
    """Return the formats that Pillow can open, without EPS, for which it would run another program."""
    Image.init()
    return tuple(name for name in Image.OPEN if name != "EPS")


STUB_FORMATS = {"BUFR", "GRIB", "HDF5", "MPEG", "WMF"}
"""Formats that Pillow recognizes and cannot decode without a plugin."""


@cache
def readable_extensions() -> frozenset[str]:
    """Return the extensions of files that can be read, in lower case, such as '.png'."""
    readable = set(_pillow_formats()) - STUB_FORMATS
    extensions = {extension for extension, name in Image.EXTENSION.items() if name in readable}
    return frozenset(extensions) | {*heif.EXTENSIONS, *jpeg_xl.EXTENSIONS}


def build_size_error(name: str) -> ImageError:
    return ImageError(f"{name} does not fit into memory; reduce its size first")


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise ImageError(f"{name} is a folder; give an image file in it")
        with path.open("rb") as file:
            start = file.read(video_files.SIGNATURE_LENGTH)
            if video_files.is_video(start):  # before gigabytes are read
                raise video_files.refuse_video(path)
            data = start + file.read()
    except FileNotFoundError:
        raise ImageError(f"there is no file {name}; check the path") from None
    except OSError as error:
        raise ImageError(f"{name} cannot be read ({error.strerror}); check its permissions") from None
    except ValueError as error:  # a path with a NUL in it
        raise ImageError(f"{name} is not a valid path ({error})") from None
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); get the file again")
    return data


def convert_image(image: Image.Image, name: str) -> tuple[PixelArray, int]:
    """Return samples (H, W, 1 to 4) in sRGB and bits per channel, with the orientation applied."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return np.asarray(image).astype(np.uint16)[..., None], 16
    if image.mode == "I":  # 32-bit integers, which Pillow uses for 16-bit gray
        return np.asarray(image).clip(0, 65535).astype(np.uint16)[..., None], 16
    if image.mode == "F":
        return np.asarray(image)[..., None], 16
    alpha = None
    if image.has_transparency_data:
        image = image.convert("LA") if image.mode in ("La", "L") else image  # Pillow cannot convert La to RGBA
        alpha = image.convert("RGBA").getchannel("A")
        # Gray stays gray, as its profile has one channel.
        image = image.getchannel("L") if image.mode == "LA" else image.convert("RGBA").convert("RGB")
    color = np.asarray(icc.to_srgb(image, name))
    color = color[..., None] if color.ndim == 2 else color
    if alpha is None:
        return color, 8
    return np.concatenate([color, np.asarray(alpha)[..., None]], axis=2), 8


def check_pixels(width: int, height: int, max_pixels: int, name: str) -> None:
    """Raise PixelLimitError if an image has more pixels than allowed."""
    if width * height > max_pixels:
        raise PixelLimitError(
            f"{name} has {width} x {height} = {width * height:,} pixels, more than the limit of {max_pixels:,}; "
            "reduce its size, or raise the limit with --max-pixels (max_pixels in Python)"
        )


@contextmanager
def without_pillow_limit() -> Iterator[None]:
    """Disable Pillow's own limit of pixels, as `max_pixels` is checked, and its warnings about metadata."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
