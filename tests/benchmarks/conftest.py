"""A folder of test pictures with the layout of the shared one, drawn here."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.conftest import drawing

PHOTOGRAPH = "118035"
"""The only photograph in the folder's archive; its pair among benchmarks.pairs has an installed style."""


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one photograph of 60 x 40 pixels and its map of boundaries, and one painting."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "data").mkdir()
    (folder / "images").mkdir()
    drawing(40, 40, seed=12).save(folder / "images" / "the_scream.jpg")
    boundaries = Image.new("L", (60, 40))
    ImageDraw.Draw(boundaries).ellipse((10, 5, 45, 35), outline=153)
    with zipfile.ZipFile(folder / "data" / "photographs.zip", "w") as archive:
        for member, image, kind in (
            (f"photographs/{PHOTOGRAPH}.jpg", drawing(60, 40, seed=11), "JPEG"),
            (f"boundaries/{PHOTOGRAPH}.png", boundaries, "PNG"),
        ):
            stream = io.BytesIO()
            image.save(stream, kind)
            archive.writestr(member, stream.getvalue())
    return folder
