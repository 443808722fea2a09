"""Files and objects that cannot be read: one sentence each."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import torch
from PIL import Image

from barestyle.errors import ImageError
from barestyle.images import read
from tests.images.samples import HEIGHT, IMAGE, SAMPLES_16, WIDTH


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((0, 4, 3), np.uint8), "and at least one pixel, not"),
        (np.zeros((4, 4, 5), np.uint8), "1 to 4 channels"),
        (np.zeros(4, np.uint8), r"the array must have the shape .* not \(4,\)"),
        (np.zeros((4, 4, 3), np.int64), r"must have samples of uint8, uint16, or floats in 0\.\.1, not int64"),
        (np.full((4, 4, 3), 2.0), r"must have floats in 0\.\.1, not from"),
        (np.full((4, 4, 3), np.nan), r"must have floats in 0\.\.1, not from"),
        (torch.zeros(2, 3, 4, 4), r"the tensor must have the shape .* not \(2, 3, 4, 4\)"),
        (torch.zeros(4, 4), r"the tensor must have the shape .* not \(4, 4\)"),
        (42, "an image must be a path, a PIL image, an array or a tensor, not int"),
    ],
)
def test_objects_that_are_not_images(source: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        read(source)


def error_message(path: Path) -> str | None:
    """Return the message of the error that reading a file raises, or None."""
    try:
        read(path, max_pixels=10_000)
    except ImageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", ["png", "tif", "jpg", "webp", "gif", "deep.png", "deep.tif", "heic", "avif", "jxl"])
def test_a_damaged_file_is_read_or_an_image_error(tmp_path: Path, kind: str) -> None:
    """Random bytes at random places, seeded: the file can still be read, or the error is one sentence."""
    path = tmp_path / f"a.{kind}"
    if kind.startswith("deep"):
        encode = imagecodecs.png_encode if kind.endswith("png") else imagecodecs.tiff_encode
        path.write_bytes(encode(SAMPLES_16))
    elif kind == "heic":
        pillow_heif.from_pillow(IMAGE).save(path)
    elif kind == "jxl":
        path.write_bytes(imagecodecs.jpegxl_encode(np.asarray(IMAGE)))
    else:
        IMAGE.save(path)
    original = path.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(original)
        for position in random.integers(0, min(len(original), 400), 3):
            damaged[position] = random.integers(0, 256)
        path.write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            message = error_message(path)
            assert message is None or "\n" not in message


@pytest.mark.parametrize("defect", ["cut", "closed", "sparse", "meta", "a path with \0"])
def test_objects_that_cannot_be_read(tmp_path: Path, defect: str) -> None:
    IMAGE.save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    lazy = Image.open(io.BytesIO(data[: len(data) // 2] if defect == "cut" else data))
    if defect == "closed":
        lazy.close()
    tensor = torch.rand(3, HEIGHT, WIDTH)
    source: Any = {
        "sparse": tensor.to_sparse(),
        "meta": tensor.to("meta"),
        "a path with \0": "a\0b.png",
    }.get(defect, lazy)
    with pytest.raises(ImageError):
        read(source)
