"""The layout in a real browser: keyboard, small screens, and an audit of accessibility by axe-core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from barestyle.ui.looks import LOOKS
from tests.browser import audit
from tests.ui.conftest import DESKTOP, PHONE, OpenPage, wait_until
from tests.ui.page_actions import (
    choose_samples,
    load_settings,
    open_more,
    save_look,
    select,
    set_size,
    start_search,
    wait_for_results,
)

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

SMALLEST_TARGET = 24
"""CSS pixels (WCAG 2.2, 2.5.8)."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_audit_finds_nothing(open_page: OpenPage, viewport: dict[str, int], quick_result: Path) -> None:
    """Of the empty page, with all options open and two styles, and with results, a queue and dialogs."""
    # Tall enough for the whole page: what the bar at the bottom covers for a moment is as large as without it.
    page = open_page({**viewport, "height": 4000})
    assert audit(page) == []
    open_more(page)
    choose_samples(page)
    page.click("#add-style")
    page.click('#style-library [data-picture="style:impasto"]')
    page.wait_for_selector("#weight-2:not([hidden])")
    page.click("#regions button")
    page.wait_for_selector("#region-editor canvas")
    for vary in ("looks", "strengths", "seeds", "styles", "nothing"):
        select(page, "vary", vary)
        assert audit(page) == [], vary
    load_settings(page, quick_result)
    save_look(page, "soft")
    page.click("#paint")
    wait_for_results(page, 1)
    page.click('[data-part="start"]')
    assert audit(page) == []
    page.click('[data-part="enlarge"]')
    page.wait_for_selector('[data-part="enlarge-dialog"] input')
    assert audit(page) == []
    page.click('[data-part="enlarge-cancel"]')
    page.click("#photo .slot-crop")
    page.wait_for_selector("#crop-dialog[open]")
    assert audit(page) == []
    select(page, "crop-ratio", "1:1")
    assert audit(page) == []
    page.focus(".crop-handle.se")
    for _ in range(50):
        page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_selector("#crop-dialog:has-text('16 × 16 pixels')")
    assert audit(page) == [], "of the smallest selection"
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"], "no sideways scrolling"


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_targets_are_large_enough(open_page: OpenPage, viewport: dict[str, int], quick_result: Path) -> None:
    page = open_page(viewport)
    choose_samples(page)
    load_settings(page, quick_result)
    save_look(page, "soft")
    page.click("#paint")
    wait_for_results(page, 1)
    page.click("#photo .slot-crop")
    page.wait_for_selector("#crop-dialog[open]")
    small = page.evaluate(
        """least => [...document.querySelectorAll("button, a, select, summary, label, input:not([type=file])")]
            .filter(node => node.checkVisibility({ opacityProperty: true }))
            .filter(node => !node.closest(".comparison, #region-editor, footer, .field-title"))
            .map(node => [node.outerHTML.slice(0, 120), node.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < least || box.height < least))
            .map(([html, box]) => `${html} ${box.width} x ${box.height}`)""",
        SMALLEST_TARGET,
    )
    assert small == []


@pytest.mark.slow
def test_the_page_works_with_the_keyboard_alone(open_page: OpenPage, quick_result: Path) -> None:
    """From the samples to a result, and back to the button that started it."""
    page = open_page()
    visited = visit_with_tab(page)
    expected = ["photo input", "photo-samples button", "style-library button", "vary input", "look input"]
    expected += ["strength input", "size input", "colors input", "more summary", "paint-bar button"]
    assert [name for name in expected if not any(name in stop for stop in visited)] == []
    assert sum("look input" in stop for stop in visited) == 1, "a group of radio buttons is one stop"
    page.focus('#photo-samples [data-picture="photo:coffee"]')
    page.keyboard.press("Enter")
    page.focus('#style-library [data-picture="style:mosaic"]')
    page.keyboard.press("Space")
    page.wait_for_selector('#style-1[data-picture="style:mosaic"]')
    page.focus('#look input[value="bare"]')
    page.keyboard.press("ArrowRight")
    assert page.is_checked('#look input[value="bare-fast"]')
    load_settings(page, quick_result)
    page.focus("#paint")
    page.keyboard.press("Enter")
    wait_for_results(page, 1)
    assert page.evaluate("document.activeElement.id") == "paint"
    page.focus("#seed")
    page.fill("#seed", "8")
    page.keyboard.press("Control+Enter")
    wait_for_results(page, 2)


def visit_with_tab(page: Page) -> list[str]:
    """Press Tab through the page; return the stops as 'id tag'. Each must have a name and show its focus."""
    stops: list[str] = []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    for _ in range(80):
        stop = page.evaluate(
            """() => {
                const node = document.activeElement;
                if (!node || node === document.body) return null;
                const labels = node.labels ? [...node.labels].map(label => label.textContent).join(" ") : "";
                const named = node.getAttribute("aria-labelledby");
                const title = named ? document.getElementById(named)?.textContent : "";
                const name = node.getAttribute("aria-label") || title || labels || node.textContent || node.title || "";
                const shown = node.matches(".visually-hidden, .choices input") ? node.closest("label") : node;
                const hasRing = shown && getComputedStyle(shown).outlineStyle !== "none";
                const parent = node.closest("[id]:not(input):not(button):not([id^=html-])");
                return [`${parent ? parent.id : ""} ${node.tagName.toLowerCase()}`, name.trim(), hasRing];
            }"""
        )
        if stop is None:
            break
        element, name, has_ring = stop
        assert name, f"{element} has no name"
        assert has_ring, f"{element} does not show that it has the focus"
        stops.append(element)
        page.keyboard.press("Tab")
    return stops


def test_a_look_says_what_to_expect_and_whether_its_strength_is_adjustable(open_page: OpenPage) -> None:
    page = open_page()
    assert page.locator("#look label").count() == len(LOOKS) + 1, "and Instant"
    assert page.is_enabled("#strength input[type=range]")
    select(page, "look", "npnd")
    page.wait_for_selector("text=Strong colors and dark edges; shapes stay clear.")
    page.wait_for_selector("#strength:has-text('Strength isn\\'t adjustable for this look')")
    assert not page.is_enabled("#strength input[type=range]")
    select(page, "look", "bare-fine")
    assert page.is_enabled("#strength input[type=range]")


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, DESKTOP, PHONE], ids=["large", "small", "phone"])
def test_paint_is_in_sight_from_the_start(open_page: OpenPage, viewport: dict[str, int]) -> None:
    page = open_page(viewport)

    def bottom() -> float:
        box = page.locator("#paint").bounding_box()
        assert box is not None
        return box["y"] + box["height"]

    wait_until(lambda: bottom() <= viewport["height"])


@pytest.mark.slow
def test_the_focus_moves_from_stop_to_paint(open_page: OpenPage, endless_result: Path) -> None:
    page = open_page()
    start_search(page, endless_result)
    page.focus("#stop")
    page.keyboard.press("Enter")
    wait_for_results(page, 1)
    assert page.evaluate("document.activeElement.id") == "paint"
    announcement = page.inner_text('[data-part="announcement"]')
    assert announcement.startswith("Stopped after "), "screen readers are told"
    set_size(page, 48)
