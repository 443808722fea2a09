"""Images as data URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from barestyle.plots.data_uri import data_uri, jpeg_data_uri


def test_the_bytes_are_those_of_the_file() -> None:
    kind, data = data_uri(b"\x89PNG", "png").split(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(data, validate=True) == b"\x89PNG"


def test_a_jpeg_shows_the_image() -> None:
    image = Image.linear_gradient("L").convert("RGB")
    kind, data = jpeg_data_uri(image, 90).split(";base64,")
    assert kind == "data:image/jpeg"
    decoded = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    assert decoded.format == "JPEG"
    error = np.asarray(decoded, np.float64) - np.asarray(image, np.float64)
    assert np.abs(error).mean() < 1
    assert len(jpeg_data_uri(image, 90, optimize=True)) < len(jpeg_data_uri(image, 90))
