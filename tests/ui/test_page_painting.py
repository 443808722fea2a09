"""Painting in a real browser: live frames, before and after, downloads, several looks, refused files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from barestyle.run import record as records
from tests.ui.conftest import MAX_UPLOAD, OpenPage, wait_until
from tests.ui.page_actions import (
    choose,
    choose_samples,
    download,
    headline,
    load_settings,
    open_more,
    paint,
    part,
    select,
    set_size,
    wait_for_results,
)

if TYPE_CHECKING:
    pass


def test_from_two_pictures_to_settings_that_load_back(
    open_page: OpenPage, pictures: Path, endless_result: Path, tmp_path: Path
) -> None:
    page = open_page()
    paint(page, pictures, endless_result)
    frames: set[str | None] = set()
    page.wait_for_selector(part("live"))

    def has_three_frames() -> bool:
        frames.add(page.get_attribute('[data-part="live"]', "src"))
        return len(frames) >= 3

    wait_until(has_three_frames)
    assert all(frame and frame.startswith("data:image/jpeg") for frame in frames)
    assert headline(page) == "Painting."
    assert page.inner_text("#stop") == "Stop and keep this version"
    assert page.inner_text("#paint") == "Add to the queue"
    assert page.inner_text('[data-part="details"]').startswith("Step ")
    assert page.title().endswith("% – barestyle")
    assert page.locator('[data-part="live-curve"] svg').count() == 1
    page.click("#stop")
    wait_for_results(page, 1)
    page.wait_for_selector(part("comparison"))
    assert headline(page).startswith("Stopped after ")
    assert "stopped early" in page.inner_text('[data-part="caption"]')
    assert page.inner_text("#paint") == "Paint"
    assert page.title() == "barestyle"
    picture = download(page, '[aria-label="Download PNG"]', tmp_path)
    assert picture.name == "content-style-loaded-0.5-seed3-48px.png"
    record = records.find(picture)
    assert record.interrupted
    assert record.seed == 3
    settings = download(page, '[aria-label="Download Settings"]', tmp_path)
    assert records.find(settings) == record
    for name in ("JPEG", "TIFF"):
        with Image.open(download(page, f'[aria-label="Download {name}"]', tmp_path)) as image:
            assert image.format == name
    open_more(page)
    page.fill("#seed", "12")
    load_settings(page, picture)
    assert page.input_value("#seed") == "3"
    assert page.input_value("#size input[type=number]") == "48"
    assert page.is_checked('#look input[value="loaded settings"]')


@pytest.mark.slow
def test_the_divider_moves_by_mouse_and_by_keyboard(open_page: OpenPage, pictures: Path, quick_result: Path) -> None:
    page = open_page()
    paint(page, pictures, quick_result)
    page.wait_for_selector(part("comparison"))
    assert headline(page).startswith("Painted in ")

    def divider() -> str:
        script = "comparison => comparison.style.getPropertyValue('--divider')"
        return page.eval_on_selector('[data-part="comparison"]', script)  # type: ignore[no-any-return]

    assert divider() == "50%"
    box = page.locator('[data-part="comparison"]').bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (64, 48), "a small picture is not blown up"
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle)
    page.mouse.up()
    assert divider() == "75%"
    page.keyboard.press("ArrowLeft")
    assert divider() == "74%", "the keys work after the mouse"
    page.keyboard.press("Home")
    assert divider() == "0%"
    assert page.get_attribute('[data-part="divider"]', "aria-valuetext") == "0% photo"
    script = "images => images.map(image => [image.naturalWidth, image.naturalHeight])"
    # On a slow machine the pictures may still be on their way.
    wait_until(lambda: page.eval_on_selector_all(".comparison img", script) == [[64, 48], [64, 48]])


@pytest.mark.slow
def test_zoom_pan_and_full_screen(open_page: OpenPage, pictures: Path, quick_result: Path) -> None:
    page = open_page()
    paint(page, pictures, quick_result)
    page.wait_for_selector(part("comparison"))

    def size() -> tuple[float, float]:
        box = page.locator('[data-part="comparison"]').bounding_box()
        assert box is not None
        return box["width"], box["height"]

    for _ in range(12):
        page.click('[aria-label="Zoom in"]')
    assert size() == (512, 384), "at most 8 times"
    page.set_viewport_size({"width": 700, "height": 500})
    scroll = "viewport => [viewport.scrollLeft, viewport.scrollTop]"
    viewport = '[data-part="viewport"]'
    page.locator(viewport).scroll_into_view_if_needed()
    before = page.eval_on_selector(viewport, scroll)
    box = page.locator(viewport).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.6
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60)
    page.mouse.up()
    after = page.eval_on_selector(viewport, scroll)
    assert after[1] - before[1] == 60, "the picture follows the mouse"
    page.focus(viewport)
    page.keyboard.press("1")
    assert size() == (64, 48)
    page.keyboard.press("+")
    assert size() == (80, 60)
    page.keyboard.press("0")
    assert page.get_attribute('[data-part="fit"]', "aria-pressed") == "true"
    page.click('[data-part="full-screen"]')
    wait_until(lambda: page.evaluate("Boolean(document.fullscreenElement)"))
    page.click('[data-part="full-screen"]')
    wait_until(lambda: page.evaluate("!document.fullscreenElement"))


@pytest.mark.slow
def test_several_looks_side_by_side(open_page: OpenPage) -> None:
    page = open_page()
    choose_samples(page)
    select(page, "vary", "looks")
    assert page.inner_text("#paint") == "Paint side by side"
    set_size(page, 64)
    select(page, "looks", "bare")
    page.click("#paint")
    page.wait_for_selector("text=Choose 2 to 4 looks.")
    select(page, "looks", "laplacian-pyramid")
    assert page.inner_text("#message") == "", "what was refused has been changed"
    page.wait_for_selector("#strength:has-text('From the photo (0) to all style (1); applies to Quick sketch only')")
    page.click("#paint")
    wait_for_results(page, 2)
    assert headline(page).startswith("2 pictures painted in ")
    captions = page.locator('[data-part="set"] .info').all_inner_texts()
    assert [caption.split(",")[0] for caption in captions] == ["Quick sketch", "Ripples"]
    page.click('[data-part="set"] li:nth-child(2) button')
    assert page.is_visible('[data-part="comparison"]')
    assert page.inner_text('[data-part="caption"]').startswith("Ripples, 64 × 43, seed 0")
    page.select_option('[data-part="compare-with"]', index=1)
    assert page.inner_text('[data-part="first-tag"]') == "Quick sketch", "any two results can be compared"
    page.click('[data-part="show-set"]')
    assert page.is_visible('[data-part="set"]')


@pytest.mark.slow
def test_a_finished_look_can_be_compared_while_the_next_one_is_painted(open_page: OpenPage) -> None:
    page = open_page()
    choose_samples(page)
    select(page, "vary", "looks")
    set_size(page, 64)
    select(page, "looks", "bare")
    select(page, "looks", "bare-fine")
    page.click("#paint")
    page.click(".results button")
    assert page.is_visible('[data-part="comparison"]')
    assert page.get_attribute("#stage", "data-phase") == "painting"
    assert page.inner_text('[data-part="caption"]').startswith("Quick sketch, ")
    page.click('[data-part="watch"]')
    assert not page.is_visible('[data-part="comparison"]')
    page.click("#stop")
    wait_for_results(page, 2)


@pytest.mark.slow
def test_refused_files_are_explained_and_the_page_works_on(
    open_page: OpenPage, pictures: Path, quick_result: Path, tmp_path: Path
) -> None:
    page = open_page()
    page.click("#paint")
    page.wait_for_selector("text=Choose a photo first; there are samples below its box.")
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    wall = tmp_path / "wall.png"
    Image.new("1", (10_000, 10_000)).save(wall)
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * (MAX_UPLOAD + 1))
    choose(page, "photo", pictures / "content.png")
    chosen = page.get_attribute("#photo", "data-picture")
    for file, message in (
        (letter, "'letter.png' is not an image"),
        (wall, "'wall.png' has too many pixels; resize it to under 67 megapixels."),
        (large, "“large.png” has 2 MB; the limit is 2 MB. Save it smaller."),
    ):
        page.set_input_files("#photo .slot-area input[type=file]", file)
        page.wait_for_selector(f"#photo .message:has-text({message!r})" if "'" not in message else f"text={message}")
        assert page.get_attribute("#photo", "data-picture") == chosen, "the picture before it stays"
    for file in (letter, pictures / "style.jpg"):
        open_more(page)
        page.set_input_files("#earlier", file)
        page.wait_for_selector(f"text='{file.name}' has no barestyle settings in it")
    choose(page, "style-1", pictures / "style.jpg")
    load_settings(page, quick_result)
    page.click("#paint")
    wait_for_results(page, 1)


@pytest.mark.slow
def test_a_tiff_has_a_preview_and_can_be_painted(
    open_page: OpenPage, pictures: Path, quick_result: Path, tmp_path: Path
) -> None:
    """Browsers cannot show this format."""
    with Image.open(pictures / "content.png") as image:
        image.save(tmp_path / "scan.tiff")
    page = open_page()
    choose(page, "photo", tmp_path / "scan.tiff")
    assert page.eval_on_selector("#photo img", "image => image.decode().then(() => image.naturalWidth)") == 64
    choose(page, "style-1", pictures / "style.jpg")
    load_settings(page, quick_result)
    page.click("#paint")
    wait_for_results(page, 1)
