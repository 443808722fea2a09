"""Reading pictures: orientation applied, colors in sRGB, transparency kept aside."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from barestyle.errors import BarestyleError, ImageError, PixelLimitError
from barestyle.images import high_bit_depth as deep
from barestyle.images import icc
from barestyle.images.picture import Picture, Source, from_samples
from barestyle.spec import MAX_PIXELS

PixelArray = np.ndarray[Any, Any]


def read(source: Source, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """A picture from a file, a PIL image, an array or a tensor; see `Source` and `Picture`.

    EXIF orientation is applied, ICC profiles (also CMYK ones) are converted to sRGB, gray and palettes become
    RGB, 16 bits are kept. Of an animation the first frame is taken.

    Raises ImageError in one sentence for whatever is no picture, or has more than `max_pixels`.
    """
    if isinstance(source, str | Path):
        return _from_file(Path(source), max_pixels)
    if isinstance(source, Picture):  # it was read before
        _check_pixels(source.width, source.height, max_pixels, source.name)
        return source
    try:
        return _from_memory(source, max_pixels)
    except BarestyleError:
        raise
    except MemoryError:
        raise _too_large("the picture") from None
    except Exception as error:  # noqa: BLE001  # lazy, closed, sparse, of another device: it may raise anything
        raise ImageError(f"the {type(source).__name__} cannot be read ({_first_line(error)}); give another") from None


def _from_memory(source: Source, max_pixels: int) -> Picture:
    if isinstance(source, Image.Image):
        name = "the PIL image"
        _check_pixels(source.width, source.height, max_pixels, name)
        samples, bits = _from_pil(source, name)
    elif isinstance(source, Tensor):
        name = "the tensor"
        samples, bits = _from_tensor(source), 16 if source.dtype == torch.uint16 else 8
        _check_pixels(samples.shape[1], samples.shape[0], max_pixels, name)
    elif isinstance(source, np.ndarray):
        name = "the array"
        source = np.asarray(source)  # not a matrix, whose slices stay flat
        samples, bits = source[..., None] if source.ndim == 2 else source, 8 * min(source.dtype.itemsize, 2)
        bits = bits if source.dtype == np.uint16 else 8
        if samples.ndim == 3:
            _check_pixels(samples.shape[1], samples.shape[0], max_pixels, name)
    else:
        raise ImageError(f"a {type(source).__name__} is no picture; give a path, a PIL image, an array or a tensor")
    content = hashlib.sha256(
        repr((samples.shape, samples.dtype.str)).encode() + np.ascontiguousarray(samples).tobytes()
    )
    return from_samples(samples, name=name, sha256=content.hexdigest(), bits=bits)


def _from_file(path: Path, max_pixels: int) -> Picture:
    name = repr(str(path))
    data = _bytes_of(path, name)
    try:
        with own_pixel_limit(), Image.open(io.BytesIO(data), formats=_formats()) as image:
            _check_pixels(image.width, image.height, max_pixels, name)
            samples, bits = deep.decoded(image, data, name) or _from_pil(image, name)
    except UnidentifiedImageError:
        frame = deep.decoded_tiff(data, name, lambda width, height: _check_pixels(width, height, max_pixels, name))
        if frame is None:
            raise ImageError(
                f"{name} is no picture that can be read; give a PNG, JPEG, TIFF, WebP, GIF, BMP or similar file"
            ) from None
        samples, bits = frame
    except BarestyleError:
        raise
    except MemoryError:
        raise _too_large(name) from None
    except Exception as error:  # noqa: BLE001  # a damaged file can make a decoder raise anything
        raise ImageError(f"{name} is damaged or cut short ({_first_line(error)}); get the file again") from None
    return from_samples(samples, name=name, sha256=hashlib.sha256(data).hexdigest(), path=path, bits=bits)


@cache
def _formats() -> tuple[str, ...]:
    """What Pillow can open; not EPS, for which it would run another program."""
    Image.init()
    return tuple(name for name in Image.OPEN if name != "EPS")


STUBS = {"BUFR", "GRIB", "HDF5", "MPEG", "WMF"}
"""Formats that Pillow knows by their first bytes and cannot decode by itself."""


@cache
def extensions() -> frozenset[str]:
    """Ends of the names of files that look like pictures, in lower case: '.png' and so on."""
    readable = set(_formats()) - STUBS
    return frozenset(extension for extension, name in Image.EXTENSION.items() if name in readable)


def _too_large(name: str) -> ImageError:
    return ImageError(f"{name} does not fit into this machine's memory; shrink it first")


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise ImageError(f"{name} is a folder; give a picture inside it")
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"there is no file {name}; check the path") from None
    except OSError as error:
        raise ImageError(f"{name} cannot be read ({error.strerror}); check its permissions") from None
    except ValueError as error:  # a path with a NUL in it
        raise ImageError(f"{name} cannot be a path ({error}); check it") from None
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); get the file again")
    return data


def _from_pil(image: Image.Image, name: str) -> tuple[PixelArray, int]:
    """Samples (H, W, 1 to 4) in sRGB and the bits of each, with the orientation applied."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return np.asarray(image).astype(np.uint16)[..., None], 16
    if image.mode == "I":  # 32-bit integers, in which Pillow may keep 16-bit grays
        return np.asarray(image).clip(0, 65535).astype(np.uint16)[..., None], 16
    if image.mode == "F":
        return np.asarray(image)[..., None], 16
    alpha = None
    if image.has_transparency_data:
        image = image.convert("LA") if image.mode in ("La", "L") else image  # Pillow knows no way from La to RGBA
        alpha = image.convert("RGBA").getchannel("A")
        # Gray stays gray: its profile, if it has one, is for one channel.
        image = image.getchannel("L") if image.mode == "LA" else image.convert("RGBA").convert("RGB")
    color = np.asarray(icc.to_srgb(image, name))
    color = color[..., None] if color.ndim == 2 else color
    if alpha is None:
        return color, 8
    return np.concatenate([color, np.asarray(alpha)[..., None]], axis=2), 8


def _from_tensor(tensor: Tensor) -> PixelArray:
    """(channels, H, W) or (1, channels, H, W) as samples (H, W, channels)."""
    planes = tensor[0] if tensor.ndim == 4 and tensor.shape[0] == 1 else tensor
    if planes.ndim != 3 or planes.shape[0] not in (1, 2, 3, 4):
        raise ImageError(
            f"the tensor has the shape {tuple(tensor.shape)}; a picture is (channels, height, width), "
            "with a leading 1 if you like, and 1 to 4 channels"
        )
    if planes.dtype in (torch.bfloat16, torch.float16):
        planes = planes.float()
    return planes.detach().cpu().permute(1, 2, 0).numpy()


def _check_pixels(width: int, height: int, max_pixels: int, name: str) -> None:
    if width * height > max_pixels:
        raise PixelLimitError(
            f"{name} has {width} x {height} = {width * height:,} pixels, more than the limit of {max_pixels:,}; "
            "shrink it, or raise the limit with --max-pixels (max_pixels in Python)"
        )


@contextmanager
def own_pixel_limit() -> Iterator[None]:
    """Leave the judgment of size to `max_pixels`, and keep Pillow's remarks on metadata to itself."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
