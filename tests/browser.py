"""A real browser for tests: Chromium as a distribution packages it, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
"""Tags of axe-core's rules: WCAG 2.2, levels A and AA."""


@contextmanager
def launch_chromium(*arguments: str) -> Iterator[Browser]:
    """Run Chromium with more arguments; skip the test if playwright or Chromium is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is an extra")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox", *arguments])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_file(file: Path) -> Iterator[Page]:
    """Open an HTML file; at the end, fail if it logged an error or requested anything from the network."""
    errors: list[str] = []
    with launch_chromium() as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
        page.goto(file.as_uri())
        yield page
    assert errors == []


def audit(page: Page) -> list[tuple[str, str, list[str]]]:
    """Return axe-core's violations: the rule, its help, and the elements."""
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(axe)
    results: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })", RULES
    )
    return [
        (violation["id"], violation["help"], [node["html"][:200] for node in violation["nodes"]])
        for violation in results["violations"]
    ]
