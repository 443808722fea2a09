"""Painting in a real browser: live frames, before and after, downloads, several looks, refused files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from barestyle.run import record as records
from tests.ui.conftest import MAX_UPLOAD, OpenPage, wait_until
from tests.ui.page_actions import choose, headline, load_settings, open_more, paint

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_from_two_pictures_to_settings_that_load_back(
    open_page: OpenPage, pictures: Path, endless_result: Path, tmp_path: Path
) -> None:
    page = open_page()
    paint(page, pictures, endless_result)
    frames: set[str | None] = set()
    page.wait_for_selector('[data-part="frame"]:not([hidden])')

    def has_three_frames() -> bool:
        frames.add(page.get_attribute('[data-part="frame"]', "src"))
        return len(frames) >= 3

    wait_until(has_three_frames)
    assert all(frame and frame.startswith("data:image/jpeg") for frame in frames)
    assert headline(page) == "Painting."
    assert page.inner_text("#stop") == "Stop and keep this version"
    assert "left" in page.inner_text('[data-part="details"]')
    assert page.locator('[data-part="curve"] svg').count() == 1
    assert page.evaluate("document.querySelector('progress').value") > 0
    page.click("#stop")
    page.wait_for_selector('[data-part="comparison"]:not([hidden])')
    assert headline(page).startswith("Stopped after ")
    assert page.is_visible("#paint")
    picture = download(page, "text=Download picture", tmp_path)
    assert picture.name == "content-style.png"
    record = records.find(picture)
    assert record.interrupted
    assert record.seed == 3
    download(page, "text=Download record", tmp_path)
    assert records.find(tmp_path / "content-style.png.json") == record
    page.fill("#seed textarea, #seed input", "12")
    load_settings(page, picture)
    assert page.input_value("#seed textarea, #seed input") == "3"
    assert page.input_value("#size input[type=number]") == "48"
    assert page.is_checked('#preset input[value="loaded settings"]')


def download(page: Page, selector: str, folder: Path) -> Path:
    """Click a link, and save its file under the suggested name."""
    with page.expect_download() as downloading:
        page.click(selector)
    file = folder / downloading.value.suggested_filename
    downloading.value.save_as(file)
    return file


@pytest.mark.slow
def test_the_divider_moves_by_mouse_and_by_keyboard(open_page: OpenPage, pictures: Path, quick_result: Path) -> None:
    page = open_page()
    paint(page, pictures, quick_result)
    page.wait_for_selector('[data-part="comparison"]:not([hidden])')
    assert headline(page).startswith("Painted in ")

    def divider() -> str:
        script = "comparison => comparison.style.getPropertyValue('--divider')"
        return page.eval_on_selector('[data-part="comparison"]', script)  # type: ignore[no-any-return]

    assert divider() == "50%"
    page.focus('[data-part="divider"]')
    page.keyboard.press("ArrowLeft")
    assert divider() == "49%"
    page.keyboard.press("Home")
    assert divider() == "0%"
    page.click(".toast-close")  # the notice covers the picture
    box = page.locator('[data-part="comparison"]').bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle)
    page.mouse.up()
    assert divider() == "80%"
    script = "images => images.map(image => [image.naturalWidth, image.naturalHeight])"
    assert page.eval_on_selector_all(".comparison img", script) == [[64, 48], [64, 48]]


@pytest.mark.slow
def test_several_looks_side_by_side(open_page: OpenPage, pictures: Path) -> None:
    page = open_page()
    choose(page, "content", pictures / "content.png")
    choose(page, "style", pictures / "style.jpg")
    page.click("[role=tab]:has-text('Side by side')")
    page.wait_for_selector("#paint:has-text('side by side')")
    page.fill("#size input[type=number]", "64")
    page.keyboard.press("Tab")
    page.click("#paint")
    page.wait_for_selector("text=Choose 2 to 4 looks.")
    page.check("#presets input[name=bare-fast]")
    page.uncheck("#presets input[name=bare]")
    page.check("#presets input[name=laplacian-pyramid]")
    hint = "From the photo (0) to all style (1); applies to Quick sketch only"
    page.wait_for_selector(f"#strength:has-text('{hint}')")
    page.click("#paint")
    page.wait_for_selector('[data-phase="done"]', timeout=60_000)
    assert headline(page).startswith("2 pictures painted in ")
    assert page.locator('[data-part="gallery"] strong').all_inner_texts() == ["Quick sketch", "Ripples"]
    networks = []
    for number in range(2):
        with page.expect_download() as downloading:
            page.locator('[data-part="gallery"] a:has-text("Picture")').nth(number).click()
        assert downloading.value.suggested_filename.startswith("content-style-")
        file = downloading.value.path()
        networks.append(records.find(Path(shutil.copy(file, file.with_suffix(".png")))).spec.network.kind)
    assert networks == ["vgg", "pyramid"]
    page.locator('[data-part="gallery"] button').nth(1).click()
    assert page.is_visible('[data-part="comparison"]')
    assert headline(page).startswith("Ripples. Painted in ")
    page.click("text=Show all")
    assert not page.is_visible('[data-part="comparison"]')


@pytest.mark.slow
def test_a_finished_look_can_be_compared_while_the_next_one_is_painted(open_page: OpenPage, pictures: Path) -> None:
    page = open_page()
    choose(page, "content", pictures / "content.png")
    choose(page, "style", pictures / "style.jpg")
    page.click("[role=tab]:has-text('Side by side')")
    page.fill("#size input[type=number]", "64")
    page.uncheck("#presets input[name=bare]")
    page.check("#presets input[name=bare-fast]")
    page.check("#presets input[name=bare-fine]")
    page.wait_for_selector("#paint:has-text('side by side')")
    page.click("#paint")
    page.click('[data-part="gallery"] button')
    assert page.is_visible('[data-part="comparison"]')
    assert page.get_attribute('[data-part="viewer"]', "data-phase") == "painting"
    assert headline(page).startswith("Quick sketch. Painted in ")
    page.click("text=Show all")
    assert page.locator('[data-part="gallery"] button').count() == 1
    page.click("#stop")
    page.wait_for_selector('[data-phase="done"]')


@pytest.mark.slow
def test_refused_files_are_explained_and_the_page_works_on(
    open_page: OpenPage, pictures: Path, quick_result: Path, tmp_path: Path
) -> None:
    page = open_page()
    page.click("#paint")
    page.wait_for_selector("text=Choose a photo first; there are samples below its box.")
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    page.set_input_files("#content input[type=file]", letter)
    page.wait_for_selector("text=/'letter.png' .*PNG, JPEG/")
    page.wait_for_selector("#content:has-text('Choose a photo')")
    wall = tmp_path / "wall.png"
    Image.new("1", (10_000, 10_000)).save(wall)
    page.set_input_files("#content input[type=file]", wall)
    page.wait_for_selector("text='wall.png' has too many pixels; resize it to under 67 megapixels.")
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * (MAX_UPLOAD + 1))
    page.wait_for_selector("#content:has-text('Choose a photo')")
    page.set_input_files("#content input[type=file]", large)
    page.wait_for_selector("text=/exceeds|too large|maximum/i")
    for file in (letter, pictures / "style.jpg"):
        open_more(page)
        page.set_input_files("#earlier input[type=file]", file)
        page.wait_for_selector(f"text='{file.name}' has no barestyle settings in it")
        page.wait_for_selector("#earlier:has-text('Drop File Here')")
    paint(page, pictures, quick_result)
    page.wait_for_selector('[data-phase="done"]')


@pytest.mark.slow
def test_a_tiff_has_a_preview_and_can_be_painted(
    open_page: OpenPage, pictures: Path, quick_result: Path, tmp_path: Path
) -> None:
    """Browsers cannot show this format."""
    with Image.open(pictures / "content.png") as image:
        image.save(tmp_path / "scan.tiff")
    page = open_page()
    choose(page, "content", tmp_path / "scan.tiff")
    assert page.eval_on_selector("#content img", "image => image.decode().then(() => image.naturalWidth)") == 64
    choose(page, "style", pictures / "style.jpg")
    load_settings(page, quick_result)
    page.click("#paint")
    page.wait_for_selector('[data-phase="done"]')
