"""Messages on uploads name the file as it was sent, and what its sender can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.errors import ImageError
from barestyle.images import read
from barestyle.ui.errors import PageError
from barestyle.ui.limits import Limits
from barestyle.ui.uploads import read_upload


def test_an_upload_is_read_as_the_library_reads_it(pictures: Path) -> None:
    picture, expected = read_upload(pictures / "content.png", Limits()), read(pictures / "content.png")
    assert picture.pixels.equal(expected.pixels)
    assert picture.sha256 == expected.sha256


def test_a_picture_above_the_limit(pictures: Path) -> None:
    with pytest.raises(PageError, match=r"^'content.png' has too many pixels; resize it to under 0.001 megapixels$"):
        read_upload(pictures / "content.png", Limits(max_pixels=1000))


def test_a_file_that_is_not_a_picture(tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear Sir or Madam")
    with pytest.raises(ImageError, match=r"^'letter.png'"):
        read_upload(tmp_path / "letter.png", Limits())
