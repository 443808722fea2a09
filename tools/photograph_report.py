"""Take the screenshots of a study's report for the documentation: on a desktop in light, on a phone in dark.

Run `python -m tools.photograph_report studies/NAME/report/index.html`; it writes docs/pictures/report-*.jpg.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

SCREENS: dict[str, tuple[int, int, Literal["light", "dark"], str]] = {
    "report-claims": (1200, 900, "light", "claims"),
    "report-figure": (1200, 1000, "light", "figure-4"),
    "report-phone": (390, 844, "dark", "figure-4"),
}
"""By name: width, height, color scheme, and the section to show."""


def main() -> None:
    """Write a JPEG for every screen."""
    report = Path(sys.argv[1]).resolve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (width, height, scheme, section) in SCREENS.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(report.as_uri())
            page.evaluate("id => document.getElementById(id).scrollIntoView()", section)
            page.wait_for_timeout(500)  # images are loaded when they come into view
            with Image.open(io.BytesIO(page.screenshot())) as image:
                image.convert("RGB").save(FOLDER / f"{name}.jpg", quality=85, optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
