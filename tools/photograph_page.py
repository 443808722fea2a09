"""Take the screenshots of the page for the documentation: light and dark, desktop and phone.

Run `python -m tools.photograph_page` from the repository's root. It serves `barestyle ui`, paints with it in Chromium,
and writes docs/pictures/ui-*.jpg. It takes some minutes.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
TIMEOUT = 600_000
"""Milliseconds that a result may take."""


def choose_samples(page: Page, photo: str, style: str) -> None:
    """Choose a sample photo and a shipped style, and wait for their previews."""
    for group, slot, picture in (
        ("photo-samples", "photo", f"photo:{photo}"),
        ("style-library", "style-1", f"style:{style}"),
    ):
        page.click(f'#{group} [data-picture="{picture}"]')
        page.wait_for_selector(f'#{slot}[data-picture="{picture}"]')


def start(page: Page, size: int) -> None:
    """Set the size and press Paint."""
    page.fill("#size input[type=number]", str(size))
    page.click("#paint")


def wait_for_live_frames(page: Page) -> None:
    choose_samples(page, "chelsea", "mosaic")
    start(page, 768)
    page.wait_for_function("document.querySelector('#stage progress').value > 0.35", timeout=TIMEOUT)


def wait_for_result(page: Page) -> None:
    choose_samples(page, "coffee", "impasto")
    start(page, 512)
    page.wait_for_selector('[data-phase="done"]', timeout=TIMEOUT)
    page.evaluate("document.querySelector('#stage').scrollIntoView()")


def wait_for_several_looks(page: Page) -> None:
    choose_samples(page, "rocket", "swirls")
    page.click('#vary label:has(input[value="looks"])')
    page.click('#looks label:has(input[value="bare-fast"])')
    for name in ("hand-made", "gaussian-pyramid", "npnd"):
        page.click(f'#looks label:has(input[value="{name}"])')
    start(page, 256)
    page.wait_for_selector('[data-phase="done"]', timeout=TIMEOUT)
    page.evaluate("document.activeElement.blur()")


def show_instant_picture(page: Page) -> None:
    page.click('#photo-samples [data-picture="photo:rocket"]')
    page.wait_for_selector('#photo[data-picture="photo:rocket"]')
    page.click('#look label:has(input[value="instant"])')
    page.click('#trained-style label:has-text("impasto")')
    page.fill("#size input[type=number]", "768")
    page.wait_for_selector('[data-part="instant-caption"]:has-text("impasto, strength 1, 768")')
    page.wait_for_timeout(3000)
    page.mouse.move(0, 0)


def choose_pictures(page: Page) -> None:
    choose_samples(page, "astronaut", "hatching")
    page.mouse.move(0, 0)


@dataclass(frozen=True)
class Screenshot:
    """A file in docs/pictures: what to do on the page first, and the screen."""

    name: str
    prepare: Callable[[Page], None]
    width: int
    height: int
    scheme: str
    density: int = 1


SCREENSHOTS = (
    Screenshot("ui-forming", wait_for_live_frames, 1280, 900, "light"),
    Screenshot("ui-instant", show_instant_picture, 1280, 900, "light"),
    Screenshot("ui-side-by-side", wait_for_several_looks, 1280, 900, "dark"),
    Screenshot("ui-phone", choose_pictures, 390, 844, "light", density=2),
    Screenshot("ui-phone-done", wait_for_result, 390, 844, "dark", density=2),
)


def take_screenshots(url: str, chromium: str) -> None:
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for screenshot in SCREENSHOTS:
            context = browser.new_context(
                viewport={"width": screenshot.width, "height": screenshot.height},
                color_scheme=screenshot.scheme,  # type: ignore[arg-type]
                device_scale_factor=screenshot.density,
            )
            page = context.new_page()
            page.goto(url)
            page.wait_for_selector('.gradio-container[data-ready="true"]')
            screenshot.prepare(page)
            if screenshot.density == 1:
                page.evaluate("window.scrollTo(0, 0)")
            page.wait_for_timeout(500)
            png = FOLDER / f"{screenshot.name}.png"
            page.screenshot(path=png)
            with Image.open(png) as image:
                image.convert("RGB").save(png.with_suffix(".jpg"), quality=85, optimize=True)
            png.unlink()
            print(png.with_suffix(".jpg"))
            context.close()
        browser.close()


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("this tool needs Chromium; install it")
    command = [sys.executable, "-m", "barestyle", "ui", "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            take_screenshots(re.findall(r"http://\S+", server.stdout.readline())[0], chromium)
        finally:
            server.send_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
