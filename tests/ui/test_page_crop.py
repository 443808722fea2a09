"""Cropping and turning on the page, in a real browser: by mouse, by touch, and with the keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from barestyle.run import record as records
from tests.conftest import drawing
from tests.ui.conftest import PHONE, READY, OpenPage
from tests.ui.page_actions import choose, load_settings, select, stored_form, wait_for_results

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTH, HEIGHT = 320, 240


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of 320 x 240 pixels."""
    drawing(WIDTH, HEIGHT, 0).save(tmp_path / "holiday.png")
    return tmp_path / "holiday.png"


def open_dialog(page: Page, slot: str = "photo") -> None:
    page.click(f"#{slot} .slot-crop")
    page.wait_for_selector("#crop-dialog[open]")


def press(page: Page, name: str) -> None:
    """Press a button of the dialog."""
    page.click(f'#crop-dialog [data-part="{name}"]')


def apply(page: Page) -> None:
    press(page, "apply")
    page.wait_for_selector("#crop-dialog", state="hidden")


def selection(page: Page) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the selection, as the dialog says them."""
    text = page.inner_text("#crop-dialog [role=status]", timeout=5000).replace("\n", "")
    numbers = re.fullmatch(r"(\d+) × (\d+) pixels, (\d+) from the left and (\d+) from the top", text)
    assert numbers, text
    width, height, left, top = map(int, numbers.groups())
    return left, top, width, height


def drag(page: Page, grip: str, across: float, down: float) -> None:
    """Drag a part of the dialog by pixels of a file that is shown with all its pixels."""
    frame = page.locator('#crop-dialog [data-part="frame"]').bounding_box()
    box = page.locator(f"#crop-dialog {grip}").bounding_box()
    assert frame is not None
    assert box is not None
    scale = frame["width"] / page.evaluate("document.querySelector('#crop-dialog canvas').width")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * scale / 2, y + down * scale / 2)
    page.mouse.move(x + across * scale, y + down * scale)
    page.mouse.up()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_crop_is_painted_and_is_made_again_from_the_original(
    open_page: OpenPage, photo: Path, quick_result: Path
) -> None:
    page = open_page()
    load_settings(page, quick_result)
    choose(page, "photo", photo)
    page.click('#style-library [data-picture="style:mosaic"]')
    page.wait_for_selector('#style-1[data-picture="style:mosaic"]')
    original = page.get_attribute("#photo", "data-picture")
    open_dialog(page)
    assert selection(page) == (0, 0, WIDTH, HEIGHT)
    drag(page, ".crop-handle.se", -160, -40)
    np.testing.assert_allclose(selection(page), (0, 0, 160, 200), atol=1)
    drag(page, ".crop-move", 1000, 20)
    left, top, width, height = selection(page)
    assert left == WIDTH - width, "it stops at the edge"
    assert abs(top - 20) <= 1
    press(page, "right")
    assert selection(page) == (HEIGHT - top - height, left, height, width)
    apply(page)
    page.wait_for_selector(f"#photo:has-text('holiday-cropped.png, {height} × {width}')")
    assert page.evaluate("document.activeElement.className").endswith("slot-crop")
    page.click("#paint")
    wait_for_results(page, 1)
    with page.expect_download() as downloading:
        page.click('[aria-label="Download PNG"]')
    record = records.find(Path(downloading.value.path()))
    assert (record.width, record.height) == (64, round(64 * width / height))
    # The original and the selection are known after a refresh.
    turned = HEIGHT - top - height, left, height, width
    page.reload()
    page.wait_for_selector(READY)
    open_dialog(page)
    assert selection(page) == turned
    press(page, "left")
    assert selection(page) == (left, top, width, height)
    cropped = page.get_attribute("#photo", "data-picture")
    page.keyboard.press("Escape")
    page.wait_for_selector("#crop-dialog", state="hidden")
    assert page.evaluate("document.activeElement.className").endswith("slot-crop")
    assert page.get_attribute("#photo", "data-picture") == cropped, "nothing has changed"
    open_dialog(page)
    press(page, "reset")
    assert selection(page) == (0, 0, WIDTH, HEIGHT)
    apply(page)
    assert page.get_attribute("#photo", "data-picture") == original


@pytest.mark.slow
def test_the_dialog_on_a_phone_and_with_the_keyboard(open_page: OpenPage, photo: Path) -> None:
    """A sample in the place of a style; fingers drag, and regions of the photo before are not used for its crop."""
    page = open_page(PHONE)
    page.click('#style-library [data-picture="style:mosaic"]')
    page.wait_for_selector('#style-1[data-picture="style:mosaic"]')
    open_dialog(page, "style-1")
    box = page.locator("#crop-dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    _, _, width, height = selection(page)
    select(page, "crop-ratio", "1:1")
    assert selection(page) == ((width - height) // 2, 0, height, height)
    swipe(page, ".crop-handle.nw", 60, 60)
    left, top, side, other = selection(page)
    assert side == other < height
    assert (left + side, top + side) == ((width + height) // 2, height), "the opposite corner stays"
    page.focus("#crop-dialog .crop-handle.nw")
    page.keyboard.press("ArrowRight")
    assert selection(page) == (left + 1, top + 1, side - 1, side - 1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.corner") == "se"
    page.focus("#crop-dialog .crop-move")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert selection(page) == (left, top, side - 1, side - 1)
    page.keyboard.press("Shift+ArrowUp")
    assert top - selection(page)[1] == min(top, max(10, round(0.02 * max(width, height))))
    apply(page)
    page.wait_for_selector(f"#style-1:has-text('mosaic-cropped.png, {side - 1} × {side - 1}')")
    choose(page, "photo", photo)
    page.evaluate("import('/studio/store.js').then((module) => module.setRegions('painted'))")
    open_dialog(page)
    press(page, "left")
    assert selection(page) == (0, 0, HEIGHT, WIDTH)
    press(page, "cancel")
    assert stored_form(page)["regions"] == "painted"
    open_dialog(page)
    press(page, "left")
    apply(page)
    page.wait_for_selector(f"#photo:has-text('{HEIGHT} × {WIDTH}')")
    form = stored_form(page)
    assert form["regions"] == ""
    assert form["styles"][0]["picture"] == page.get_attribute("#style-1", "data-picture")


def swipe(page: Page, grip: str, across: float, down: float) -> None:
    """Drag a part of the dialog by pixels of the screen, with a finger."""
    box = page.locator(f"#crop-dialog {grip}").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, share in (("touchStart", 0.0), ("touchMove", 0.5), ("touchMove", 1.0)):
        point = {"x": x + share * across, "y": y + share * down}
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


CASES = """async (cases) => {
    const { changeRatio, clampRect, moveRect, resizeRect, turnRect } = await import("/studio/crop_geometry.js");
    return cases.map(({ rect, size, corner, across, down, ratio }) => ({
        clamped: clampRect({ ...rect, left: across, top: down }, size),
        moved: moveRect(rect, across, down, size),
        resized: resizeRect(rect, corner, across, down, size, null),
        scaled: resizeRect(changeRatio(rect, ratio, size), corner, across, down, size, ratio),
        changed: changeRatio(rect, ratio, size),
        right: turnRect(rect, size, true),
        left: turnRect(rect, size, false),
    }));
}"""


@pytest.mark.slow
def test_the_geometry_of_selections(open_page: OpenPage) -> None:
    """Turns are those of numpy; all else stays inside the picture, in whole pixels, with its ratio and fixed corner."""
    random = np.random.default_rng(0)
    cases = [make_case(random) for _ in range(300)]
    for case, answer in zip(cases, open_page().evaluate(CASES, cases), strict=True):
        rect, size, corner, ratio = case["rect"], case["size"], case["corner"], case["ratio"]
        mask = np.zeros((size["height"], size["width"]), bool)
        mask[slices(rect)] = True
        for name, count in (("right", -1), ("left", 1)):
            turned = np.rot90(mask, count)
            assert turned[slices(answer[name])].all()
            assert answer[name]["width"] * answer[name]["height"] == turned.sum()
        for name in ("clamped", "moved", "resized", "scaled", "changed"):
            check_inside(answer[name], size, is_free=name in ("clamped", "moved", "resized"))
        assert {name: answer["moved"][name] for name in ("width", "height")} == {
            name: rect[name] for name in ("width", "height")
        }
        assert answer["moved"]["left"] == np.clip(rect["left"] + case["across"], 0, size["width"] - rect["width"]), (
            "it is where the pointer is, or at the edge"
        )
        for before, after in ((rect, answer["resized"]), (answer["changed"], answer["scaled"])):
            assert fixed_corner(after, corner) == fixed_corner(before, corner)
        for name in ("changed", "scaled"):
            difference = answer[name]["width"] - ratio * answer[name]["height"]
            assert abs(difference) <= 0.5 + 0.5 * ratio + 1e-9, "rounded to whole pixels"
        if min(rect["width"], rect["height"]) >= 64:  # smaller ones may have to grow to the shortest side
            area = rect["width"] * rect["height"]
            assert answer["changed"]["width"] * answer["changed"]["height"] <= 1.05 * area


def make_case(random: np.random.Generator) -> dict[str, Any]:
    """A rectangle in a picture, and how it is changed."""
    width, height = (int(side) for side in random.integers(80, 400, 2))
    across, down = (int(random.integers(16, side + 1)) for side in (width, height))
    return {
        "size": {"width": width, "height": height},
        "rect": {
            "left": int(random.integers(0, width - across + 1)),
            "top": int(random.integers(0, height - down + 1)),
            "width": across,
            "height": down,
        },
        "corner": str(random.choice(["nw", "ne", "sw", "se"])),
        "across": int(random.integers(-300, 300)),
        "down": int(random.integers(-300, 300)),
        "ratio": float(random.choice([1, 4 / 3, 3 / 4, 16 / 9, 9 / 16, width / height])),
    }


def slices(rect: dict[str, int]) -> tuple[slice, slice]:
    return slice(rect["top"], rect["top"] + rect["height"]), slice(rect["left"], rect["left"] + rect["width"])


def check_inside(rect: dict[str, int], size: dict[str, int], *, is_free: bool) -> None:
    """A rectangle of a free ratio has at least 16 pixels on each side."""
    assert all(isinstance(value, int) for value in rect.values()), rect
    assert 0 <= rect["left"] <= rect["left"] + rect["width"] <= size["width"]
    assert 0 <= rect["top"] <= rect["top"] + rect["height"] <= size["height"]
    assert min(rect["width"], rect["height"]) >= (16 if is_free else 1)


def fixed_corner(rect: dict[str, int], corner: str) -> tuple[int, int]:
    """Return the corner opposite to one that is moved."""
    x = rect["left"] + (rect["width"] if "w" in corner else 0)
    y = rect["top"] + (rect["height"] if "n" in corner else 0)
    return x, y
