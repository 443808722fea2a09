"""Changes and deletions that are undone, looks that are saved, and a picture that starts from a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.run import record as records
from tests.ui.conftest import OpenPage, wait_until
from tests.ui.page_actions import (
    choose,
    choose_samples,
    download,
    open_more,
    paint,
    part,
    select,
    set_size,
    stored_form,
    wait_for_results,
)


@pytest.mark.slow
def test_changes_are_undone_one_by_one(open_page: OpenPage, pictures: Path) -> None:
    page = open_page()
    assert not page.is_visible("#undo"), "nothing has changed"
    choose_samples(page)
    select(page, "look", "npnd")
    choose(page, "photo", pictures / "content.png")
    chosen = page.get_attribute("#photo", "data-picture")
    page.click('[aria-label="Remove the photo"]')
    assert page.evaluate("document.activeElement.type") == "file"
    for size in (300, 301, 302):  # at once, as by a slider
        set_size(page, size)
    page.click("#undo")
    assert stored_form(page)["size"] == 512
    page.click("#undo")
    assert page.get_attribute("#photo", "data-picture") == chosen
    page.click("#undo")
    assert page.get_attribute("#photo", "data-picture") == "photo:coffee"
    page.click("#undo")
    assert not page.is_checked('#look input[value="npnd"]')
    while page.is_visible("#undo"):
        page.click("#undo")
    assert stored_form(page)["photo"] == ""
    assert page.evaluate("document.activeElement.id") == "paint"


@pytest.mark.slow
def test_a_look_is_saved_applied_after_a_refresh_and_removed(open_page: OpenPage) -> None:
    page = open_page()
    assert not page.is_visible("#saved-looks")
    select(page, "look", "bare-fine")
    page.fill("#strength input[type=number]", "0.3")
    open_more(page)
    page.click("#save-look")
    page.wait_for_selector("text=The name of a look must have 1 to 40 characters, not 0.")
    page.fill("#look-name", "soft & fine")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Saved as “soft & fine”.")
    page.wait_for_selector(".saved-looks")
    select(page, "look", "npnd")
    page.reload()
    page.click(".saved-looks button:has-text('soft & fine')")
    assert page.is_checked('#look input[value="bare-fine"]')
    assert page.input_value("#strength input[type=number]") == "0.3"
    page.click('[aria-label="Remove the look soft & fine"]')
    wait_until(lambda: not page.is_visible("#saved-looks"))


@pytest.mark.slow
def test_a_result_is_deleted_restored_and_started_from(
    open_page: OpenPage, pictures: Path, quick_result: Path, tmp_path: Path
) -> None:
    page = open_page()
    paint(page, pictures, quick_result)
    wait_for_results(page, 1)
    first = download(page, '[aria-label="Download PNG"]', tmp_path)
    page.click(part("delete"))
    wait_until(lambda: page.locator(".results li").count() == 0)
    assert not page.is_visible(part("comparison"))
    assert page.evaluate("document.activeElement.dataset.part") == "undelete"
    page.keyboard.press("Enter")
    wait_until(lambda: page.locator(".results li").count() == 1)
    assert page.is_visible(part("comparison"))
    assert page.evaluate("Boolean(document.activeElement.dataset.result)"), "the focus is on the restored picture"
    page.click(part("start"))
    assert page.is_checked('#start input[value^="result:"]')
    page.click("#paint")
    wait_for_results(page, 2)
    second = records.find(download(page, '[aria-label="Download PNG"]', tmp_path))
    assert second.start is not None
    assert second.start.path == first.name
