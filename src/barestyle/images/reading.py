"""Read images: orientation applied, colors converted to sRGB, transparency separated."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from barestyle.errors import BarestyleError, ImageError
from barestyle.images import video_files
from barestyle.images.decode import (
    DecodedFile,
    build_size_error,
    check_pixels,
    convert_image,
    decode_bytes,
    decode_file,
    first_line,
)
from barestyle.images.picture import Picture, Source, from_samples
from barestyle.images.samples import PixelArray
from barestyle.limits import MAX_PIXELS


def read(source: Source, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture from a file, a PIL image, an array or a tensor; see `Source` and `Picture`.

    The EXIF orientation is applied, ICC profiles (also of CMYK) are converted to sRGB, gray and palettes become RGB,
    and 16 bits are kept. Of a file with several images, such as an animation, the first one is read, with a warning.

    Raises ImageError for what cannot be read as an image, or has more than `max_pixels`.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        return build_picture(decode_file(path, max_pixels), path)
    if isinstance(source, Picture):  # it was read before
        check_pixels(source.width, source.height, max_pixels, source.name)
        return source
    try:
        return _from_memory(source, max_pixels)
    except BarestyleError:
        raise
    except MemoryError:
        raise build_size_error("the image") from None
    except Exception as error:  # noqa: BLE001  # an object may be lazy, closed, sparse or on another device
        raise ImageError(
            f"the {type(source).__name__} cannot be read ({first_line(error)}); give an image in memory"
        ) from None


def _from_memory(source: Source, max_pixels: int) -> Picture:
    if isinstance(source, Image.Image):
        name = "the PIL image"
        check_pixels(source.width, source.height, max_pixels, name)
        samples, bits = convert_image(source, name)
    elif isinstance(source, Tensor):
        name = "the tensor"
        samples, bits = _from_tensor(source), 16 if source.dtype == torch.uint16 else 8
        check_pixels(samples.shape[1], samples.shape[0], max_pixels, name)
    elif isinstance(source, np.ndarray):
        name = "the array"
        source = np.asarray(source)  # a np.matrix would keep two dimensions when sliced
        samples, bits = source[..., None] if source.ndim == 2 else source, 8 * min(source.dtype.itemsize, 2)
        bits = bits if source.dtype == np.uint16 else 8
        if samples.ndim == 3:
            check_pixels(samples.shape[1], samples.shape[0], max_pixels, name)
    else:
        raise ImageError(f"an image must be a path, a PIL image, an array or a tensor, not {type(source).__name__}")
    content = hashlib.sha256(
        repr((samples.shape, samples.dtype.str)).encode() + np.ascontiguousarray(samples).tobytes()
    )
    return from_samples(samples, name=name, sha256=content.hexdigest(), bits=bits)


def build_picture(file: DecodedFile, path: Path) -> Picture:
    """Return the picture that a file at a path contains. Raises ImageError for samples that no image has."""
    picture = from_samples(file.samples, name=repr(str(path)), sha256=file.sha256, path=path, bits=file.bits)
    return replace(picture, frames=file.frames)


def read_encoded(data: bytes, *, name: str, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture from the bytes of an image file that has no path; `name` is for messages.

    `sha256` is that of the bytes, as for a file. Raises what `read` raises.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); give an image file")
    if video_files.is_video(data[: video_files.SIGNATURE_LENGTH]):
        raise ImageError(f"{name} is a video; give an image, such as a frame that ffmpeg exports")
    file = decode_bytes(data, name, max_pixels, Path(name))
    picture = from_samples(file.samples, name=name, sha256=file.sha256, bits=file.bits)
    return replace(picture, frames=file.frames)


def _from_tensor(tensor: Tensor) -> PixelArray:
    """Return (channels, H, W) or (1, channels, H, W) as samples (H, W, channels)."""
    planes = tensor[0] if tensor.ndim == 4 and tensor.shape[0] == 1 else tensor
    if planes.ndim != 3 or planes.shape[0] not in (1, 2, 3, 4):
        raise ImageError(
            "the tensor must have the shape (channels, height, width) or (1, channels, height, width), with 1 to 4 "
            f"channels, not {tuple(tensor.shape)}"
        )
    if planes.dtype in (torch.bfloat16, torch.float16):
        planes = planes.float()
    return planes.detach().cpu().permute(1, 2, 0).numpy()
