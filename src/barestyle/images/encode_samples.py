"""Encode samples as image files. PyTorch is not imported."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Literal

import imagecodecs
import numpy as np
from PIL import Image

from barestyle.images.samples import PixelArray

PNG_LEVEL = 4
"""Of compression: files are one percent larger than at 6, and take half the time."""

JPEG_QUALITY = 95
WEBP_QUALITY = 95
AVIF_QUALITY = 90
"""About as far from the original as JPEG at 95, in two thirds of the bytes."""

RECORD_KEY = "barestyle"
"""Keyword of the PNG text chunk that holds a record."""

CHUNK_LENGTH = 250_000
"""Characters of a record in one chunk; Pillow opens no image with a text above 1 MiB, which long runs exceed."""

DEEP_EXTENSIONS = (".png", ".tif", ".tiff", ".jxl")
"""Extensions of formats that can have 16 bits for each channel."""

OPAQUE_EXTENSIONS = (".jpg", ".jpeg")
"""Extensions of formats without transparency."""


def choose_bits(extension: str, bits: Literal[8, 16]) -> Literal[8, 16]:
    """Return the bits for each channel that a file has whose image has `bits`."""
    return 16 if bits == 16 and extension.lower() in DEEP_EXTENSIONS else 8


def encode_samples(samples: PixelArray, extension: str, record: str | None = None) -> bytes:
    """Return samples as the bytes of a file.

    Args:
        samples: (H, W, 3 or 4), sRGB and alpha, of 8 or 16 bits. JPEG has no alpha.
        extension: one of images.output.EXTENSIONS; it selects the format.
        record: JSON text to store inside a PNG.
    """
    extension = extension.lower()
    if extension == ".png":
        return _insert_record(encode_png(samples), record)
    if extension == ".jxl":
        from barestyle.images import jpeg_xl

        return jpeg_xl.encode(samples)
    buffer = io.BytesIO()
    if extension in (".tif", ".tiff"):
        _write_tiff(buffer, samples)
    elif extension == ".avif":
        Image.fromarray(samples).save(buffer, "AVIF", quality=AVIF_QUALITY, subsampling="4:4:4")
    elif extension == ".webp":
        Image.fromarray(samples).save(buffer, "WEBP", quality=WEBP_QUALITY, method=6, exact=True)
    else:
        Image.fromarray(samples).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return buffer.getvalue()


def _write_tiff(buffer: io.BytesIO, samples: PixelArray) -> None:
    import tifffile  # takes a tenth of a second

    extra = {"extrasamples": ["unassalpha"]} if samples.shape[2] == 4 else {}
    tifffile.imwrite(
        buffer,
        samples,
        photometric="rgb",
        compression="adobe_deflate",
        metadata=None,
        software="barestyle",
        **extra,
    )


def encode_png(samples: PixelArray) -> bytes:
    """Return samples (H, W, 1 to 4) of 8 or 16 bits as the bytes of a PNG."""
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(samples), level=PNG_LEVEL))


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
