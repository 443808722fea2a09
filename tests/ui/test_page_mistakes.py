"""What went wrong when artists tried the page, each as it happened, in a real browser with its own events."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pillow_heif
import pytest
from PIL import Image

from barestyle.run import record as records
from barestyle.ui.regions import KEEP_COLOR, STYLE_COLORS
from tests.conftest import drawing
from tests.ui.conftest import READY, OpenPage, serve_page, wait_until
from tests.ui.page_actions import (
    choose,
    choose_samples,
    drop_files,
    drop_files_at,
    headline,
    load_settings,
    open_more,
    paint,
    part,
    paste_picture,
    select,
    set_size,
    wait_for_results,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route


def test_a_picture_that_is_dropped_on_a_filled_slot_replaces_it(open_page: OpenPage, pictures: Path) -> None:
    page = open_page()
    choose_samples(page)
    drop_files(page, "#photo .slot-area", [pictures / "content.png"])
    page.wait_for_selector("#photo:has-text('content.png, 64 × 48')")
    with page.expect_file_chooser() as chooser:
        page.click("#photo .slot-area")
    chooser.value.set_files(pictures / "style.jpg")
    page.wait_for_selector("#photo:has-text('style.jpg')")


def test_a_picture_that_is_dropped_beside_the_slots_is_used(open_page: OpenPage, pictures: Path) -> None:
    """It goes to the first empty slot; if all are filled, the page asks."""
    page = open_page()
    address = page.url
    drop_files_at(page, 900, 300, [pictures / "content.png"])
    page.wait_for_selector("#photo:has-text('content.png')")
    drop_files_at(page, 900, 300, [pictures / "style.jpg"])
    page.wait_for_selector("#style-1:has-text('style.jpg')")
    drop_files_at(page, 900, 300, [pictures / "style.jpg"])
    page.click("#incoming button:has-text('Photo')")
    page.wait_for_selector("#photo:has-text('style.jpg')")
    assert page.url == address
    assert len(page.context.pages) == 1, "no other tab was opened"


def test_a_pasted_picture_is_used(open_page: OpenPage, pictures: Path) -> None:
    page = open_page()
    paste_picture(page, pictures / "content.png")
    page.wait_for_selector("#photo:has-text('64 × 48')")


def test_clicking_paint_again_changes_nothing(open_page: OpenPage, pictures: Path, endless_result: Path) -> None:
    page = open_page()
    choose(page, "photo", pictures / "content.png")
    choose(page, "style-1", pictures / "style.jpg")
    load_settings(page, endless_result)
    page.dblclick("#paint")
    page.click("#paint")
    page.wait_for_selector(part("live"))
    page.click("#paint")
    page.wait_for_timeout(1000)
    assert not page.is_visible(part("queue-area"))
    page.click("#stop")
    wait_for_results(page, 1)
    page.wait_for_timeout(500)
    assert page.get_attribute("#stage", "data-phase") == "done"


@pytest.mark.slow
def test_nothing_is_lost_by_a_refresh_a_refusal_or_a_wrong_seed(
    open_page: OpenPage, pictures: Path, quick_result: Path, tmp_path: Path
) -> None:
    page = open_page()
    paint(page, pictures, quick_result)
    wait_for_results(page, 1)
    set_size(page, 80)
    page.fill("#seed", "-3")
    page.wait_for_selector("text=Seed must be a whole number, 0 or greater.")
    page.click("#paint")
    page.wait_for_selector("#message:has-text('Seed must be a whole number, 0 or greater.')")
    assert page.is_visible('[data-part="comparison"]'), "the finished picture stays"
    page.fill("#seed", "9")
    assert page.inner_text("#message") == "", "no message stays over a mended fault"
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    page.set_input_files("#photo .slot-area input[type=file]", letter)
    page.wait_for_selector("#photo .message:has-text('letter.png')")
    assert "content.png" in page.inner_text("#photo .slot-name"), "the valid picture stays"
    page.click("#paint")
    wait_for_results(page, 2)
    page.reload()
    page.wait_for_selector(READY)
    wait_for_results(page, 2)
    assert "content.png" in page.inner_text("#photo .slot-name")
    assert "style.jpg" in page.inner_text("#style-1 .slot-name")
    assert page.input_value("#size input[type=number]") == "80"
    assert page.input_value("#seed") == "9"
    assert page.is_visible('[data-part="comparison"]')


@pytest.mark.slow
def test_a_refresh_while_painting_goes_on(open_page: OpenPage, pictures: Path, endless_result: Path) -> None:
    page = open_page()
    paint(page, pictures, endless_result)
    page.wait_for_selector(part("live"))
    page.reload()
    page.wait_for_selector(part("live"))
    assert headline(page) == "Painting."
    page.click("#stop")
    wait_for_results(page, 1)


@pytest.mark.slow
def test_a_finished_tile_can_be_opened_while_others_are_painted(open_page: OpenPage) -> None:
    """Without an error in the console (which `open_page` checks), and the page stays where it is."""
    page = open_page()
    choose_samples(page)
    select(page, "vary", "seeds")
    set_size(page, 64)
    page.click("#paint")
    page.click(".results button")
    caption = page.inner_text('[data-part="caption"]')
    position = page.evaluate("window.scrollY")
    wait_until(lambda: page.locator(".results li").count() >= 3)
    assert page.inner_text('[data-part="caption"]') == caption
    assert page.evaluate("window.scrollY") == position
    wait_for_results(page, 4)


def test_empty_numbers_keep_their_last_value(open_page: OpenPage) -> None:
    page = open_page()
    for field, value in (("size", "512"), ("strength", "0.5")):
        page.fill(f"#{field} input[type=number]", "")
        page.keyboard.press("Tab")
        assert page.input_value(f"#{field} input[type=number]") == value
    page.fill("#size input[type=number]", "99999")
    page.keyboard.press("Tab")
    assert page.input_value("#size input[type=number]") == "512"


@pytest.mark.slow
def test_files_that_cannot_be_used_are_explained_in_the_pages_words(
    open_page: OpenPage, pictures: Path, tmp_path: Path
) -> None:
    """The library's own sentences never show, and a tiny painting has a warning."""
    page = open_page()
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * 3_000_000)
    film = tmp_path / "real.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 64)
    page.set_input_files("#photo .slot-area input[type=file]", large)
    page.wait_for_selector("text=“large.png” has 3 MB; the limit is 2 MB. Save it smaller.")
    drop_files(page, "#photo .slot-area", [film])
    page.wait_for_selector("#photo .message:has-text('real.mp4')")
    body = page.inner_text("body")
    assert not re.search(r"Invalid file type|exceed the maximum allowed size", body)
    Image.new("RGB", (24, 18), "red").save(tmp_path / "tiny.png")
    choose(page, "style-1", tmp_path / "tiny.png")
    page.wait_for_selector("text=Only 24 × 18 pixels: the result will be blurred.")


def test_photographs_of_telephones_and_animations(open_page: OpenPage, tmp_path: Path) -> None:
    """A HEIC is shown and painted; of an animation the first frame is used, and the page says so."""
    page = open_page()
    image = drawing(200, 150, 5)
    pillow_heif.from_pillow(image).save(tmp_path / "IMG_1.HEIC", format="HEIF")
    drop_files(page, "#photo .slot-area", [tmp_path / "IMG_1.HEIC"])
    page.wait_for_selector("#photo:has-text('IMG_1.HEIC, 200 × 150')")
    assert page.eval_on_selector("#photo img", "image => image.decode().then(() => image.naturalWidth)") == 200
    image.save(tmp_path / "moving.gif", save_all=True, append_images=[image.rotate(90)])
    choose(page, "style-1", tmp_path / "moving.gif")
    page.wait_for_selector("text=The first of 2 images in the file is used.")


@pytest.mark.slow
def test_a_mask_in_color_is_loaded_as_regions(open_page: OpenPage, quick_result: Path, tmp_path: Path) -> None:
    page = open_page()
    load_settings(page, quick_result)
    choose_samples(page)
    page.click("#add-style")
    page.click('#style-library [data-picture="style:impasto"]')
    page.wait_for_selector('#style-2[data-picture="style:impasto"]')
    regions = Image.new("RGB", (600, 400), STYLE_COLORS[0])
    regions.paste(STYLE_COLORS[1], (300, 0, 600, 400))
    regions.paste(KEEP_COLOR, (0, 0, 100, 100))
    regions.save(tmp_path / "map.png")
    page.click("#regions > button")
    page.wait_for_selector("#region-editor canvas")
    with page.expect_file_chooser() as chooser:
        page.click("#mask")
    chooser.value.set_files(tmp_path / "map.png")
    page.wait_for_timeout(2000)  # the editor draws it
    page.click("#paint")
    wait_for_results(page, 1)
    with page.expect_download() as downloading:
        page.click('[aria-label="Download PNG"]')
    downloading.value.save_as(tmp_path / "result.png")
    record = records.find(tmp_path / "result.png")
    assert record.keep is not None
    assert all(style.mask is not None for style in record.styles)


def test_loaded_settings_name_and_restore_their_pictures(
    open_page: OpenPage, pictures: Path, quick_result: Path
) -> None:
    page = open_page()
    load_settings(page, quick_result)
    page.wait_for_selector("text=It was made from content.png and style.jpg; choose them to repeat it.")
    choose(page, "photo", pictures / "content.png")
    choose(page, "style-1", pictures / "style.jpg")
    choose_samples(page)
    load_settings(page, quick_result)
    page.wait_for_selector("#photo:has-text('content.png')")
    page.wait_for_selector("#style-1:has-text('style.jpg')")


def test_the_page_has_no_panel_with_files_from_elsewhere(open_page: OpenPage) -> None:
    page = open_page()
    assert page.locator("text=Use via API").count() == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_page_tells_that_the_server_ended_and_continues_after_a_restart(
    browser: Browser, pictures: Path, endless_result: Path, tmp_path: Path
) -> None:
    """With kept sessions everything is found again; without, the page says what is gone."""
    kept = tmp_path / "kept"
    context = browser.new_context()
    page = context.new_page()
    with serve_page(tmp_path / "home", "--keep-sessions", str(kept)) as server:
        port = server.url.rsplit(":", 1)[1]
        page.goto(server.url)
        page.wait_for_selector(READY)
        paint(page, pictures, endless_result)
        page.wait_for_selector(part("live"))
        page.click("#stop")
        wait_for_results(page, 1)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        page.wait_for_selector("text=The connection to the server was lost. Trying again…")
    with serve_page(tmp_path / "home", "--keep-sessions", str(kept), port=int(port)) as server:
        page.wait_for_selector("text=The connection to the server was lost", state="hidden")
        wait_for_results(page, 1)
        assert "content.png" in page.inner_text("#photo .slot-name")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
    page.wait_for_selector("text=The connection to the server was lost. Trying again…")
    with serve_page(tmp_path / "home", port=int(port)):
        page.wait_for_selector("text=The server was restarted, and earlier pictures are gone.")
    context.close()
    assert list(kept.iterdir()), "the kept session is on disk"


@pytest.mark.slow
def test_paint_waits_for_a_picture_that_is_being_sent(
    open_page: OpenPage, pictures: Path, quick_result: Path, tmp_path: Path
) -> None:
    page = open_page()
    choose_samples(page)
    load_settings(page, quick_result)
    held: list[Route] = []
    page.route("**/upload*", lambda route: held.append(route))
    page.set_input_files("#photo .slot-area input[type=file]", pictures / "content.png")
    page.click("#paint")
    page.wait_for_selector("text=Waiting for the file that is being sent…")
    held.pop().continue_()
    wait_for_results(page, 1)
    with page.expect_download() as downloading:
        page.click('[aria-label="Download PNG"]')
    assert downloading.value.suggested_filename.startswith("content-mosaic-"), "the picture that was sent"
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    page.set_input_files("#photo .slot-area input[type=file]", letter)
    page.click("#paint")
    page.wait_for_selector("text=Waiting for the file that is being sent…")
    held.pop().continue_()
    page.wait_for_selector("text=A file was not accepted; choose another one")
    assert page.locator(".results li").count() == 1


def test_more_options_opens_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    page.focus("#more > summary")
    page.keyboard.press("Enter")
    open_more(page)
    assert page.is_visible("#seed")
    assert page.is_visible("text=Load settings from an earlier result")
