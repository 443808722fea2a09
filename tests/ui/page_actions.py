"""What people do on the page, as functions for the tests in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def choose(page: Page, image_input: str, file: Path) -> None:
    """Upload a picture and wait for its preview."""
    page.set_input_files(f"#{image_input} input[type=file]", file)
    page.wait_for_selector(f'#{image_input} img[src*="-small.jpg"]')


def open_more(page: Page) -> None:
    """Open "More options", if it is closed."""
    if not page.is_visible("#earlier"):
        page.click("#more > button")


def load_settings(page: Page, earlier: Path) -> None:
    """Load the settings of an earlier result."""
    open_more(page)
    page.set_input_files("#earlier input[type=file]", earlier)
    page.wait_for_selector(f"text=Loaded the settings of {earlier.name}.")


def paint(page: Page, pictures: Path, earlier: Path) -> None:
    """Choose both pictures, load settings, and press Paint."""
    choose(page, "content", pictures / "content.png")
    choose(page, "style", pictures / "style.jpg")
    load_settings(page, earlier)
    page.click("#paint")


def headline(page: Page) -> str:
    """Return the sentence on the job."""
    return page.inner_text('[data-part="headline"]')
