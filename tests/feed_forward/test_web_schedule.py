"""Which painting follows which on the page without a server; schedule.js by itself in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIMULATION = """
    const wanted = {
        styles: ["a", "b"], photo: { canvas: { width: 1200, height: 800 }, thumbnails: new Set() },
        video: null, style: 0, strength: 1, side: 512, maxPixels: Infinity, isAdjusting: false,
    };
    const speed = new Speed();
    let shown = null;
    /** Return the next paintings, at most some, as [kind, width, style, strength]. */
    function run(most = 10) {
        const done = [];
        while (done.length < most) {
            const next = chooseNext(wanted, shown, speed);
            if (!next) break;
            done.push([next.kind, next.size.width, next.style, next.strength]);
            if (next.kind === "thumbnail") wanted.photo.thumbnails.add(next.style);
            else if (next.kind !== "frame") shown = next;
        }
        return done;
    }
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page with the functions of the schedule, a photo of 1200 x 800 pixels and two styles."""
    page = browser.new_page()
    folder = files("barestyle.feed_forward") / "web"
    for name in ("photo.js", "schedule.js"):
        page.add_script_tag(content=(folder / name).read_text(encoding="utf-8"))
    page.add_script_tag(content=SIMULATION)
    yield page
    page.close()


def run(page: Page, change: str = "") -> list[Any]:
    """Change what is wanted, and return what is painted."""
    painted: list[Any] = page.evaluate(f"(() => {{ {change}; return run(); }})()")
    return painted


def test_a_preview_then_the_picture_then_thumbnails(page: Page) -> None:
    assert run(page) == [
        ["preview", 160, 0, 1],
        ["full", 512, 0, 1],
        ["thumbnail", 128, 0, 1],
        ["thumbnail", 128, 1, 1],
    ]
    assert run(page) == [], "all is painted"
    assert run(page, "wanted.style = 1") == [["preview", 160, 1, 1], ["full", 512, 1, 1]]


def test_previews_only_while_the_strength_moves(page: Page) -> None:
    run(page)
    assert run(page, "wanted.isAdjusting = true; wanted.strength = 0.5") == [["preview", 160, 0, 0.5]]
    assert run(page, "wanted.strength = 0.25") == [["preview", 160, 0, 0.25]]
    assert run(page, "wanted.isAdjusting = false") == [["full", 512, 0, 0.25]]


def test_previews_take_a_quarter_of_a_second(page: Page) -> None:
    """Painting takes 2 s for 512 x 341 pixels, and so a preview has an eighth of the pixels."""
    painted = run(page, "speed.note({ width: 512, height: 341 }, 2)")
    assert painted[0] == ["preview", round(512 / 8**0.5), 0, 1]


def test_estimates_follow_the_latest_paintings(page: Page) -> None:
    """A small first painting, whose pixels take longer, says little; later ones replace what was before."""
    page.evaluate("speed.note({ width: 160, height: 100 }, 0.3); speed.note({ width: 500, height: 400 }, 0.8)")
    assert page.evaluate("speed.estimate({ width: 1000, height: 800 })") == pytest.approx(3.65, abs=0.01)
    page.evaluate("for (let count = 0; count < 20; count++) speed.note({ width: 500, height: 400 }, 1.6)")
    assert page.evaluate("speed.estimate({ width: 500, height: 400 })") == pytest.approx(1.6, abs=0.01)


def test_no_preview_where_painting_is_quick(page: Page) -> None:
    assert run(page, "speed.note({ width: 512, height: 341 }, 0.1)")[0] == ["full", 512, 0, 1]


def test_another_size_is_painted_at_once(page: Page) -> None:
    run(page)
    assert run(page, "wanted.side = 1024") == [["full", 1024, 0, 1]]


def test_a_photo_is_not_enlarged(page: Page) -> None:
    assert ["full", 1200, 0, 1] in run(page, "wanted.side = 2048")


def test_sizes_stay_within_memory(page: Page) -> None:
    widths = [width for kind, width, *_ in run(page, "wanted.maxPixels = 50_000") if kind == "full"]
    assert widths == [round((50_000 * 1.5) ** 0.5)]


def test_the_camera_goes_on_until_the_page_is_hidden(page: Page) -> None:
    frames = run(page, "wanted.video = { videoWidth: 640, videoHeight: 480 }")
    assert frames == [["frame", 160, 0, 1]] * 10
    frames = run(page, "speed.note({ width: 640, height: 480 }, 2.4)")
    assert frames == [["frame", 160, 0, 1]] * 10, "a sixteenth of the pixels, in 0.15 s"
    hide = "Object.defineProperty(document, 'hidden', { value: true })"
    assert run(page, hide) == []


def test_weights_are_those_of_a_mix(page: Page) -> None:
    assert page.evaluate("[...mixWeights(3, 1, 0.25)]") == [0.75, 0, 0.25, 0]
