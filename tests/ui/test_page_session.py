"""An artist's hour, from two photographs and a painting to an enlarged print, on a desktop and on a phone.

With BARESTYLE_SCREENSHOTS=DIR, a screenshot of each step is saved in a folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from barestyle.run import record as records
from tests.conftest import drawing
from tests.ui.conftest import DESKTOP, PHONE, READY, OpenPage, save_result, wait_until
from tests.ui.page_actions import choose, load_settings, part, select, wait_for_results

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from barestyle.spec import Spec

LARGE = 4096


@pytest.fixture(scope="module")
def quickest(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result with settings that paint even a large picture soon."""
    from barestyle.spec import with_settings
    from tests.ui.conftest import TINY

    spec: Spec = with_settings(
        TINY, {"size": 64, "optimizer.steps": 1, "scales": "single", "style_loss": "gram", "content_loss": "features"}
    )
    return save_result(pictures, tmp_path_factory.mktemp("quickest"), spec, seed=7)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_two_photographs_to_a_print(
    open_page: OpenPage, viewport: dict[str, int], quickest: Path, tmp_path: Path
) -> None:
    page = open_page(viewport)
    shoot = Screenshots(page, "phone" if viewport is PHONE else "desktop")
    for seed, name in enumerate(("portrait.png", "street.png", "painting.png")):
        drawing(240, 180, seed).save(tmp_path / name)
    load_settings(page, quickest)
    choose(page, "photo", tmp_path / "street.png")
    choose(page, "photo", tmp_path / "portrait.png")
    choose(page, "style-1", tmp_path / "painting.png")
    shoot("1-pictures")
    add_second_style(page)
    shoot("2-two-styles")
    paint_region(page)
    shoot("3-face-kept")
    select(page, "vary", "seeds")
    page.click("#paint")
    wait_for_results(page, 4)
    page.wait_for_selector(part("set"))
    shoot("4-four-variations")
    page.click('[data-part="set"] li:nth-child(3) button')
    page.select_option('[data-part="compare-with"]', index=1)
    shoot("5-two-compared")
    page.click('[data-part="enlarge"]')
    page.wait_for_selector(f'[data-size="{LARGE}"]:has-text("of memory")')
    page.click(f'[data-part="sizes"] label:has(input[value="{LARGE}"])')
    shoot("6-enlarge")
    page.click('[data-part="enlarge-start"]')
    wait_until(lambda: page.locator(".results li").count() == 5, 400)
    wait_for_results(page, 5)
    page.click('[data-part="actual"]')
    shoot("7-enlarged")
    with page.expect_download() as downloading:
        page.click('[aria-label="Download PNG"]')
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    check_print(file)
    page.reload()
    page.wait_for_selector(READY)
    wait_for_results(page, 5)
    shoot("8-after-a-refresh")
    assert "portrait.png" in page.inner_text("#photo .slot-name")
    assert page.input_value("#weight-2 input[type=number]") == "0.5"
    assert page.is_checked('#vary input[value="seeds"]')
    page.click(".results li:nth-child(5) button")
    page.click('[data-part="use"]')
    page.wait_for_selector("text=The form has the settings of this picture.")
    assert page.is_checked('#vary input[value="nothing"]')
    page.click('[data-part="delete"]')
    wait_for_results(page, 4)


def add_second_style(page: Page) -> None:
    """Choose a shipped style beside the painting, with half its weight."""
    page.click("#add-style")
    page.click('#style-library [data-picture="style:impasto"]')
    page.wait_for_selector("#weight-2:not([hidden])")
    page.fill("#weight-2 input[type=number]", "0.5")
    page.keyboard.press("Tab")


def paint_region(page: Page) -> None:
    """Keep the middle of the photo: choose the green brush and paint a stroke."""
    page.click("#regions > button")
    canvas = page.locator("#region-editor canvas").first
    canvas.wait_for()
    page.wait_for_timeout(1500)  # the editor draws the photo a moment after its canvas is there
    canvas.scroll_into_view_if_needed()
    page.click('#region-editor button[aria-label="Color"]')
    page.locator("#region-editor .swatch button, #region-editor button.color").last.click()
    page.click('#region-editor button[aria-label="Brush"]')  # closes the colors
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 40, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 10, steps=8)
    page.mouse.up()
    page.wait_for_timeout(500)


def check_print(file: Path) -> None:
    """The print has the size that was asked for, both styles with their weights, and the protected part."""
    record = records.find(file)
    assert max(record.width, record.height) == LARGE
    assert [style.weight for style in record.styles] == [1.0, 0.5]
    assert record.keep is not None
    with Image.open(file) as image:
        assert max(image.size) == LARGE


class Screenshots:
    """Saves screenshots in the folder that the environment names, or none."""

    def __init__(self, page: Page, prefix: str) -> None:
        self._page = page
        self._prefix = prefix
        self._folder = os.environ.get("BARESTYLE_SCREENSHOTS")

    def __call__(self, name: str) -> None:
        """Save a screenshot of the window."""
        if self._folder:
            self._page.screenshot(path=Path(self._folder) / f"{self._prefix}-{name}.png")
