"""The layout in a real browser: keyboard, small screens, contrast, hints. All requests stay on the server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from barestyle.ui.looks import LOOKS
from tests.ui.conftest import DESKTOP, PHONE, OpenPage, wait_until
from tests.ui.page_actions import load_settings, open_more, paint

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


@pytest.mark.slow
def test_the_page_works_with_the_keyboard_alone(open_page: OpenPage, quick_result: Path) -> None:
    """From the samples to a result, and back to the button that started it."""
    page = open_page()
    visited = visit_with_tab(page)
    expected = ["content button", "content-samples button", "style-samples button", "mode [tab]", "preset input"]
    expected += ["strength input", "colors input", "size input", "form button", "more button"]
    assert [name for name in expected if not any(name in stop for stop in visited)] == []
    page.focus('#content-samples [data-sample="coffee"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('#content img[src*="-small.jpg"]')
    page.focus('#style-samples [data-sample="mosaic"]')
    page.keyboard.press("Space")
    page.wait_for_selector('#style img[src*="-small.jpg"]')
    load_settings(page, quick_result)
    page.focus("#paint")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-phase="done"]')
    wait_until(lambda: page.evaluate("document.activeElement.id") == "paint")
    first_result = page.get_attribute("text=Download picture", "href")
    page.focus("#seed textarea, #seed input")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#stop:visible")
    wait_until(lambda: page.get_attribute("text=Download picture", "href") != first_result)


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
                const name = node.getAttribute("aria-label") || labels || node.textContent || node.title || "";
                const hasRing = getComputedStyle(node).outlineStyle !== "none" || node.matches("input");
                const parent = node.closest("[id]:not(input):not(button):not([id^=html-])");
                const role = node.getAttribute("role") === "tab" ? "[tab]" : node.tagName.toLowerCase();
                return [`${parent ? parent.id : ""} ${role}`, name.trim(), hasRing];
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
    assert page.locator("#preset label").count() == len(LOOKS)
    assert page.is_enabled("#strength input[type=range]")
    page.check('#preset input[value="npnd"]')
    page.wait_for_selector("text=Strong colors and dark edges; shapes stay clear.")
    page.wait_for_selector("#strength input[type=range][disabled]")
    page.wait_for_selector("#strength:has-text('Strength isn\\'t adjustable for this look')")
    page.check('#preset input[value="bare-fine"]')
    page.wait_for_selector("#strength input[type=range]:not([disabled])")


def test_a_late_answer_about_an_earlier_look_does_not_replace_the_chosen_ones(open_page: OpenPage) -> None:
    """The page asks about the first look as it opens; the answer to that must not be shown after a choice."""
    first = open_page()
    page = first.context.new_page()
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if '"data":["bare"]' in (route.request.post_data or "") and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/queue/join*", hold_the_first)
    page.goto(first.url)
    page.wait_for_selector("#paint")
    page.check('#preset input[value="npnd"]')
    page.wait_for_timeout(1000)
    assert held, "the page did not ask about the first look"
    held[0].continue_()
    page.wait_for_timeout(1500)
    assert page.is_visible("text=Strong colors and dark edges; shapes stay clear.")
    assert not page.is_enabled("#strength input[type=range]")


def test_the_api_is_described_on_the_page(open_page: OpenPage) -> None:
    page = open_page()
    page.click("text=Use via API")
    page.wait_for_selector("text=/paint")
    page.wait_for_selector("text=Repaint the content in the style of another picture.")


@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(PHONE, "light"), *(pytest.param(size, "dark", marks=pytest.mark.slow) for size in (PHONE, DESKTOP))],
    ids=["phone", "dark phone", "dark desktop"],
)
def test_the_page_fits_the_screen_and_is_readable(
    open_page: OpenPage, viewport: dict[str, int], scheme: str, pictures: Path, quick_result: Path
) -> None:
    """No sideways scrolling, and contrasts of at least 4.5 to 1 (WCAG 2.2, 1.4.3), before a run and after it."""
    page = open_page(viewport, scheme)
    open_more(page)
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        assert low_contrasts(page, 4.5) == []
        paint(page, pictures, quick_result)
        page.wait_for_selector('[data-phase="done"]')
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, color.strip("rgb()").split(","))) < 128 * 3) == (scheme == "dark")


def low_contrasts(page: Page, least: float) -> list[list[object]]:
    """Return visible texts whose contrast to the opaque background is below `least`, and the contrast."""
    return page.evaluate(  # type: ignore[no-any-return]
        """least => {
            const numbers = text => text.match(/[\\d.]+/g).map(Number);
            const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
            const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            const background = node => {
                for (; node; node = node.parentElement) {
                    if (getComputedStyle(node).backgroundImage !== "none") return null;
                    const [r, g, b, a = 1] = numbers(getComputedStyle(node).backgroundColor);
                    if (a === 1) return [r, g, b];
                    if (a > 0) return null;
                }
                return [255, 255, 255];
            };
            const failures = [];
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const node = walker.currentNode.parentElement;
                const text = walker.currentNode.textContent.trim();
                if (!text || !node.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
                if (node.closest("script, style, footer, .comparison")) continue;
                const back = background(node);
                if (!back) continue;
                const color = numbers(getComputedStyle(node).color);
                const [lighter, darker] = [light(color), light(back)].sort((a, b) => b - a);
                const contrast = (lighter + 0.05) / (darker + 0.05);
                if (contrast < least) failures.push([text.slice(0, 40), contrast]);
            }
            return failures;
        }""",
        least,
    )
