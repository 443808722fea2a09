"""Images inside HTML, as data URIs (RFC 2397)."""

from __future__ import annotations

import base64
import io
from typing import Literal

from PIL import Image


def data_uri(data: bytes, kind: Literal["jpeg", "png"]) -> str:
    """Return an image file's bytes as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def jpeg_data_uri(image: Image.Image, quality: int, *, optimize: bool = False) -> str:
    """Return an image as the data URI of a JPEG; `optimize` makes it a little smaller in more time."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=optimize)
    return data_uri(buffer.getvalue(), "jpeg")
