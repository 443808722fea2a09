"""What people do on the page, as functions for the tests in a browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page


def choose(page: Page, slot: str, file: Path) -> None:
    """Upload a picture to a slot and wait for its preview."""
    before = page.get_attribute(f"#{slot}", "data-picture")
    page.set_input_files(f"#{slot} .slot-area input[type=file]", file)
    page.wait_for_function(
        "([slot, before]) => { const now = document.getElementById(slot).dataset.picture;"
        " return now && now !== before; }",
        arg=[slot, before or ""],
    )


def choose_samples(page: Page, photo: str = "coffee", style: str = "mosaic") -> None:
    """Choose a sample photo and a shipped style."""
    page.click(f'#photo-samples [data-picture="photo:{photo}"]')
    page.click(f'#style-library [data-picture="style:{style}"]')
    page.wait_for_selector(f'#photo[data-picture="photo:{photo}"]')
    page.wait_for_selector(f'#style-1[data-picture="style:{style}"]')


def select(page: Page, group: str, value: str) -> None:
    """Select a radio button or check a box by its value."""
    page.click(f'#{group} label:has(input[value="{value}"])')


def open_more(page: Page) -> None:
    """Open "More options", if it is closed."""
    if page.get_attribute("#more", "open") is None:
        page.click("#more > summary")


def load_settings(page: Page, earlier: Path) -> None:
    """Load the settings of an earlier result."""
    open_more(page)
    page.set_input_files("#earlier", earlier)
    page.wait_for_selector(f"text=Loaded the settings of {earlier.name}.")


def start_search(page: Page, earlier: Path) -> None:
    """Choose samples, load settings, press Paint, and wait for the first picture."""
    choose_samples(page)
    load_settings(page, earlier)
    page.click("#paint")
    page.wait_for_selector(part("live"))


def set_size(page: Page, size: int) -> None:
    """Type a size."""
    page.fill("#size input[type=number]", str(size))


def paint(page: Page, pictures: Path, earlier: Path) -> None:
    """Choose both pictures, load settings, and press Paint."""
    choose(page, "photo", pictures / "content.png")
    choose(page, "style-1", pictures / "style.jpg")
    load_settings(page, earlier)
    page.click("#paint")


def wait_for_results(page: Page, count: int) -> None:
    """Wait until the session has as many results, and nothing is being painted."""
    page.wait_for_function(
        "count => document.querySelectorAll('.results li').length === count"
        " && !['waiting', 'painting'].includes(document.querySelector('#stage').dataset.phase)",
        arg=count,
        timeout=240_000,
    )


def headline(page: Page) -> str:
    """Return the sentence on the job."""
    return page.inner_text('[data-part="headline"]')


def part(name: str) -> str:
    """Return the selector of a part of the stage that is visible."""
    return f'[data-part="{name}"]:not([hidden])'


def drop_files(page: Page, selector: str, files: Sequence[Path]) -> None:
    """Drop files of this machine onto an element, as Chromium does when they come from the desktop."""
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    assert box is not None
    drop_files_at(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, files)


def drop_files_at(page: Page, x: float, y: float, files: Sequence[Path]) -> None:
    """Drop files at a point of the window, with events that the browser itself makes (DevTools protocol)."""
    session = page.context.new_cdp_session(page)
    data: dict[str, Any] = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})
    session.detach()


def paste_picture(page: Page, file: Path) -> None:
    """Put a PNG on the clipboard and press the keys that paste it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.bring_to_front()
    page.evaluate(
        """async (data) => {
            const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
            const blob = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        }""",
        base64.b64encode(file.read_bytes()).decode(),
    )
    page.keyboard.press("Control+V")


def stored_form(page: Page) -> dict[str, Any]:
    """Return the form as the server has it."""
    text = page.evaluate(
        "import('/studio/store.js').then((module) => JSON.stringify(module.store.form))",
    )
    return json.loads(text)  # type: ignore[no-any-return]


def save_look(page: Page, name: str) -> None:
    """Save the look of the form under a name."""
    open_more(page)
    page.fill("#look-name", name)
    page.click("#save-look")
    page.wait_for_selector(f"text=Saved as “{name}”.")


def download(page: Page, selector: str, folder: Path) -> Path:
    """Click a link, and save its file under the suggested name."""
    with page.expect_download() as downloading:
        page.click(selector)
    file = folder / downloading.value.suggested_filename
    downloading.value.save_as(file)
    return file
