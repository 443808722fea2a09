"""Crops of a session's pictures: their pixels, what they remember, what is refused, and what is removed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from barestyle import samples
from barestyle.errors import BarestyleError
from barestyle.images import read
from barestyle.run import record as records
from barestyle.ui import picture_store
from barestyle.ui.crop import Crop
from barestyle.ui.errors import PageError
from barestyle.ui.form import LOADED, Form
from barestyle.ui.limits import Limits
from barestyle.ui.page_service import PageService
from barestyle.ui.page_session import PageSession
from barestyle.ui.picture_store import PictureInfo, PictureStore
from tests.conftest import drawing
from tests.ui.conftest import TINY, wait_until

LIMITS = Limits()
BOX = {"left": 20, "top": 10, "width": 60, "height": 90}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of 160 x 120 pixels."""
    drawing(160, 120, 0).save(tmp_path / "holiday.png")
    return tmp_path / "holiday.png"


def crop(page_service: PageService, session: PageSession, source: str, **values: Any) -> PictureInfo:
    return asyncio.run(page_service.crop(session, Crop(**{"source": source, **BOX, **values})))


def test_a_crop_is_a_picture_with_the_pixels_of_the_file(page_service: PageService, photo: Path) -> None:
    session = page_service.get_session("me")
    original = session.pictures.add(photo, LIMITS).info
    info = crop(page_service, session, original.id, turns=1)
    assert (info.name, info.width, info.height) == ("holiday-cropped.png", 60, 90)
    assert info.crop == Crop(source=original.id, turns=1, **BOX)
    stored = session.pictures.get(info.id)
    assert stored is not None
    with Image.open(photo) as image, Image.open(stored.file) as cropped:
        np.testing.assert_array_equal(np.asarray(cropped), np.rot90(np.asarray(image), -1)[10:100, 20:80])
    assert asyncio.run(page_service.choose(session, info.id)) == info
    assert crop(page_service, session, original.id, turns=1) == info
    assert len(session.pictures.all) == 2, "it is stored once"
    assert [path for path in (session.folder / "pictures").iterdir() if path.is_file()] == []


def test_a_crop_of_a_sample_is_painted(page_service: PageService) -> None:
    """The result has the proportions of the crop, and its record names it."""
    session = page_service.get_session("me")
    info = crop(page_service, session, "photo:coffee", left=0, top=0, width=100, height=200)
    form = Form(
        photo=info.id,
        styles=[{"picture": "style:mosaic"}],
        look=LOADED,
        spec=TINY.model_dump(mode="json"),
        size=64,
    )
    job = asyncio.run(page_service.paint(session, form))
    assert job is not None
    wait_until(lambda: job.status.is_over)
    (result,) = session.results.all
    assert (result.info.width, result.info.height) == (32, 64)
    assert records.find(result.file("picture")).content.path == "coffee-cropped.png"
    whole, part = read(samples.photo("coffee")), read(page_service.find_file(session, info.id))
    assert part.pixels.equal(whole.pixels[..., :200, :100])


def test_a_crop_that_changes_nothing_is_the_original(page_service: PageService, photo: Path) -> None:
    session = page_service.get_session("me")
    original = session.pictures.add(photo, LIMITS).info
    whole = {"left": 0, "top": 0, "width": 160, "height": 120}
    assert crop(page_service, session, original.id, **whole) == original
    turned = {**whole, "width": 120, "height": 160}
    assert crop(page_service, session, original.id, **turned, turns=3).id != original.id
    sample = asyncio.run(page_service.choose(session, "photo:coffee"))
    size = {"width": sample.width, "height": sample.height}
    assert crop(page_service, session, "photo:coffee", **{**whole, **size}) == sample


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"turns": 1, "left": 61}, r"at \(61, 10\) must have .* inside the picture of 120 x 160 pixels"),
        ({"top": 31}, r"the part of 60 x 90 pixels at \(20, 31\)"),
        ({"left": -1}, "left cannot be -1; it must be a whole number of at least 0"),
        ({"width": 0}, "width cannot be 0; it must be a whole number of at least 1"),
        ({"height": -5}, "height cannot be -5"),
        ({"turns": 4}, "turns cannot be 4; it must be a whole number from 0 to 3"),
        ({"turns": 0.5}, "turns cannot be 0.5"),
        ({"turns": True}, "turns cannot be true"),
        ({"top": "half"}, "top cannot be 'half'"),
        ({"height": 1e9}, "the part of 60 x 1000000000 pixels"),
        ({"source": "unknown"}, "choose it again"),
        ({"angle": 3}, "angle"),
    ],
)
def test_what_cannot_be_cropped_is_refused(
    page_service: PageService, photo: Path, values: dict[str, Any], message: str
) -> None:
    session = page_service.get_session("me")
    original = session.pictures.add(photo, LIMITS).info
    with pytest.raises(BarestyleError, match=message):
        crop(page_service, session, **{"source": original.id, **values})
    assert len(session.pictures.all) == 1


def test_a_restored_session_knows_the_original(page_service: PageService, photo: Path) -> None:
    session = page_service.get_session("me")
    original = session.pictures.add(photo, LIMITS).info
    info = crop(page_service, session, original.id, turns=2)
    session.save_form(Form(photo=info.id))
    page = asyncio.run(page_service.open_page(session))
    assert page["pictures"][info.id]["crop"] == {"source": original.id, "turns": 2, **BOX}
    restored = PageSession(session.folder)
    assert {picture.info.id: picture.info for picture in restored.pictures.all} == {
        original.id: original,
        info.id: info,
    }


def test_the_latest_of_two_crops_with_equal_pixels_is_remembered(tmp_path: Path) -> None:
    Image.new("RGB", (150, 150), "teal").save(tmp_path / "plain.png")
    store = PictureStore(tmp_path / "pictures")
    original = store.add(tmp_path / "plain.png", LIMITS).info
    first = Crop(source=original.id, left=0, top=0, width=70, height=70)
    second = first.model_copy(update={"left": 9})
    assert store.add_crop(tmp_path / "plain.png", first, LIMITS).info.crop == first
    info = store.add_crop(tmp_path / "plain.png", second, LIMITS).info
    assert info.crop == second
    assert PictureStore(tmp_path / "pictures").all[1].info == info
    assert store.add(store.all[1].file, LIMITS).info == info, "an upload of the same pixels changes nothing"
    # A part of another picture may be equal to an upload, which stays what it is.
    larger = Crop(source="other", left=0, top=0, width=70, height=70)
    upload = PictureStore(tmp_path / "others")
    uploaded = upload.add(store.all[1].file, LIMITS).info
    assert upload.add_crop(tmp_path / "plain.png", larger, LIMITS).info == uploaded


def test_the_original_of_a_used_crop_is_kept(
    page_service: PageService, photo: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = page_service.get_session("me")
    original = session.pictures.add(photo, LIMITS).info
    unused = session.pictures.add(pictures / "content.png", LIMITS).info
    info = crop(page_service, session, original.id)
    monkeypatch.setattr(picture_store, "MAX_PICTURES", 1)
    session.save_form(Form(photo=info.id))
    assert [picture.info.id for picture in session.pictures.all] == [original.id, info.id]
    assert unused.id not in {path.name for path in (session.folder / "pictures").iterdir()}
    session.save_form(Form())
    assert [picture.info.id for picture in session.pictures.all] == [info.id]
    with pytest.raises(PageError, match="choose it again"):
        crop(page_service, session, original.id)


def test_pictures_have_a_limit_of_bytes(
    page_service: PageService, photo: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = page_service.get_session("me")
    first = session.pictures.add(photo, LIMITS)
    second = session.pictures.add(pictures / "content.png", LIMITS)
    monkeypatch.setattr(picture_store, "MAX_BYTES", first.bytes + second.bytes)
    session.save_form(Form())
    assert len(session.pictures.all) == 2
    monkeypatch.setattr(picture_store, "MAX_BYTES", first.bytes + second.bytes - 1)
    session.save_form(Form())
    assert [picture.info.id for picture in session.pictures.all] == [second.info.id]


def test_names_of_crops_fit_into_file_systems(tmp_path: Path) -> None:
    crop = Crop(source="a", left=0, top=0, width=1, height=1)
    assert crop.make_name("IMG_1.HEIC") == "IMG_1-cropped.png"
    long = crop.make_name("é" * 120 + ".jpg")
    (tmp_path / long).touch()
    assert long == "é" * 100 + "-cropped.png"
