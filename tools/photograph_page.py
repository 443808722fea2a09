"""Photographs the page for the documentation: in the light and in the dark, on a desk and on a phone.

`python -m tools.photograph_page`, from the repository's root, serves `barestyle ui`, paints with it in Chromium, and
writes docs/pictures/ui-*.jpg. It takes some minutes.
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
LONG = 600_000
"""Milliseconds that a picture may take."""


def one(page: Page, photo: str, style: str, size: int, manner: str = "bare") -> None:
    """Choose, and press Paint."""
    for slot, name in (("content", photo), ("style", style)):
        page.click(f'#{slot}-samples [data-sample="{name}"]')
        page.wait_for_selector(f'#{slot} img[src*="-small.jpg"]')
    page.check(f'#preset input[value="{manner}"]')
    page.fill("#size input[type=number]", str(size))
    page.click("#paint")


def while_it_forms(page: Page) -> None:
    one(page, "chelsea", "mosaic", 512)
    page.wait_for_function("document.querySelector('#stage progress').value > 0.35", timeout=LONG)


def when_it_is_done(page: Page) -> None:
    one(page, "coffee", "impasto", 512)
    page.wait_for_selector('[data-phase="done"]', timeout=LONG)
    page.evaluate("document.querySelector('#gallery').scrollIntoView()")


def side_by_side(page: Page) -> None:
    for slot, name in (("content", "rocket"), ("style", "swirls")):
        page.click(f'#{slot}-samples [data-sample="{name}"]')
        page.wait_for_selector(f'#{slot} img[src*="-small.jpg"]')
    page.click("[role=tab]:has-text('Side by side')")
    for name in ("hand-made", "gaussian-pyramid", "npnd"):
        page.check(f"#presets input[name={name}]")
    page.fill("#size input[type=number]", "256")
    page.click("#paint")
    page.wait_for_selector('[data-phase="done"]', timeout=LONG)
    page.evaluate("document.activeElement.blur()")


def at_first(page: Page) -> None:
    page.click('#content-samples [data-sample="astronaut"]')
    page.click('#style-samples [data-sample="hatching"]')
    page.wait_for_selector('#style img[src*="-small.jpg"]')
    page.mouse.move(0, 0)


@dataclass(frozen=True)
class Shot:
    """A photograph: of what, and with which screen."""

    name: str
    what: Callable[[Page], None]
    width: int
    height: int
    scheme: str
    density: int = 1


SHOTS = (
    Shot("ui-forming", while_it_forms, 1280, 900, "light"),
    Shot("ui-side-by-side", side_by_side, 1280, 900, "dark"),
    Shot("ui-phone", at_first, 390, 844, "light", density=2),
    Shot("ui-phone-done", when_it_is_done, 390, 844, "dark", density=2),
)


def photograph(url: str, chromium: str) -> None:
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for shot in SHOTS:
            context = browser.new_context(
                viewport={"width": shot.width, "height": shot.height},
                color_scheme=shot.scheme,  # type: ignore[arg-type]
                device_scale_factor=shot.density,
            )
            page = context.new_page()
            page.goto(url)
            page.wait_for_selector("#paint")
            shot.what(page)
            if shot.density == 1:
                page.evaluate("window.scrollTo(0, 0)")
            page.wait_for_timeout(500)
            png = FOLDER / f"{shot.name}.png"
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
        sys.exit("this needs Chromium; install it")
    command = [sys.executable, "-m", "barestyle", "ui", "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        try:
            photograph(re.findall(r"http://\S+", serving.stdout.readline())[0], chromium)
        finally:
            serving.send_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
