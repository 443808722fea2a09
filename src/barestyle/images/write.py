"""Encode images as files."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Literal

import imagecodecs
import numpy as np
import tifffile
import torch
from PIL import Image
from torch import Tensor

from barestyle.images import jpeg_xl
from barestyle.images.picture import PixelArray

SLAB = 256
"""Rows that are converted at the same time."""

JPEG_QUALITY = 95
WEBP_QUALITY = 95
AVIF_QUALITY = 90
"""About as far from the original as JPEG at 95, in two thirds of the bytes."""

RECORD_KEY = "barestyle"
"""Keyword of the PNG text chunk that holds a record."""

CHUNK_LENGTH = 250_000
"""Characters of a record in one chunk; Pillow opens no image with a text above 1 MiB, which long runs exceed."""


def encode(
    pixels: Tensor, alpha: Tensor | None, extension: str, *, bits: Literal[8, 16] = 8, record: str | None = None
) -> bytes:
    """Return an image as the bytes of a file.

    Args:
        pixels: (1, 3, H, W) in 0..1, sRGB.
        alpha: (1, 1, H, W) in 0..1, or None. JPEG has no alpha, so the image is composited over white.
        extension: one of images.output.EXTENSIONS; it selects the format.
        bits: 8 or 16 per channel; JPEG, WebP and AVIF always have 8.
        record: JSON text to store inside a PNG.
    """
    extension = extension.lower()
    if extension in (".jpg", ".jpeg") and alpha is not None:
        pixels, alpha = pixels * alpha + (1 - alpha), None
    has_16_bits = bits == 16 and extension in (".png", ".tif", ".tiff", ".jxl")
    samples = to_samples(pixels, alpha, 16 if has_16_bits else 8)
    if extension == ".png":
        return _insert_record(encode_png(samples), record)
    if extension == ".jxl":
        return jpeg_xl.encode(samples)
    buffer = io.BytesIO()
    if extension in (".tif", ".tiff"):
        extra = {"extrasamples": ["unassalpha"]} if alpha is not None else {}
        tifffile.imwrite(
            buffer,
            samples,
            photometric="rgb",
            compression="adobe_deflate",
            metadata=None,
            software="barestyle",
            **extra,
        )
    elif extension == ".avif":
        Image.fromarray(samples).save(buffer, "AVIF", quality=AVIF_QUALITY, subsampling="4:4:4")
    elif extension == ".webp":
        Image.fromarray(samples).save(buffer, "WEBP", quality=WEBP_QUALITY, method=6, exact=True)
    else:
        Image.fromarray(samples).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return buffer.getvalue()


def to_samples(pixels: Tensor, alpha: Tensor | None, bits: int) -> PixelArray:
    """Return samples (H, W, 3 or 4) of 8 or 16 bits, rounded to the nearest level, of pixels and alpha in 0..1."""
    parts = [pixels] if alpha is None else [pixels, alpha]
    height, width = pixels.shape[-2:]
    levels = np.empty((height, width, sum(part.shape[1] for part in parts)), np.uint16 if bits == 16 else np.uint8)
    for top in range(0, height, SLAB):  # float64 of a whole large image would be much memory
        rows = torch.cat([part[0, :, top : top + SLAB] for part in parts]).permute(1, 2, 0).cpu().double()
        levels[top : top + SLAB] = (rows.clamp(0, 1) * (2**bits - 1)).round().numpy()
    return levels


def encode_png(samples: PixelArray) -> bytes:
    """Return samples (H, W, 1 to 4) of 8 or 16 bits as the bytes of a PNG."""
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(samples), level=6))


def _insert_record(png: bytes, record: str | None) -> bytes:
    """Insert a record as international text chunks after the header (PNG, third edition, section 11.3.3.4)."""
    header_end = 8 + 25  # the signature, and the chunk IHDR with its length, name and checksum
    return png[:header_end] + make_record_chunks(record) + png[header_end:]


def make_record_chunks(record: str | None) -> bytes:
    """Return the text chunks of a PNG file that hold a record, in parts; none for None."""
    parts = [record[start : start + CHUNK_LENGTH] for start in range(0, len(record), CHUNK_LENGTH)] if record else []
    return b"".join(_text_chunk(record_key(number), part) for number, part in enumerate(parts))


def record_key(number: int) -> str:
    """Return the keyword of the chunk with part `number` of a record, counted from 0."""
    return RECORD_KEY if number == 0 else f"{RECORD_KEY} {number + 1}"


def _text_chunk(key: str, text: str) -> bytes:
    data = key.encode() + b"\0\1\0\0\0" + zlib.compress(text.encode(), 9)
    return make_png_chunk(b"iTXt", data)


def make_png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
