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

Violation = tuple[str, str, list[str]]
"""A rule of axe-core, its help, and the elements that violate it."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
"""Tags of axe-core's rules: WCAG 2.2, levels A and AA."""

RULES_ON_COLORS = ["color-contrast", "link-in-text-block"]
"""Those of these rules that depend on colors."""

FINISH_TRANSITIONS = """async () => {
    await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    document.getAnimations().filter(each => each instanceof CSSTransition).forEach(each => each.finish());
}"""
"""Colors that are still changing would be judged as they are at that moment."""


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


def audit(page: Page) -> list[Violation]:
    """Return axe-core's violations in the light color scheme, and those of rules on colors in the dark one.

    At the end the color scheme is light again.
    """
    violations = []
    backgrounds = []
    for scheme, rules in (
        ("light", {"type": "tag", "values": RULES}),
        ("dark", {"type": "rule", "values": RULES_ON_COLORS}),
    ):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate(FINISH_TRANSITIONS)
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        violations += _run_axe(page, rules)
    page.emulate_media(color_scheme="light")
    assert backgrounds[0] != backgrounds[1], "the page follows the color scheme"
    return violations


def _run_axe(page: Page, rules: dict[str, Any]) -> list[Violation]:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(axe)
    results: dict[str, Any] = page.evaluate("rules => axe.run(document, { runOnly: rules })", rules)
    return [
        (violation["id"], violation["help"], [node["html"][:200] for node in violation["nodes"]])
        for violation in results["violations"]
    ]
