"""Instant pictures in a real browser: shown while the form changes, kept, downloaded, and the start of a search."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from barestyle import samples
from barestyle.feed_forward.painting_record import read_painting_record
from tests.browser import audit
from tests.feed_forward.cases import make_style
from tests.ui.conftest import DESKTOP, MAX_UPLOAD, PHONE, READY, OpenPage, wait_until
from tests.ui.page_actions import (
    choose_samples,
    download,
    drop_files,
    load_settings,
    open_more,
    part,
    save_look,
    select,
    set_size,
    start_search,
    stored_form,
    wait_for_results,
)
from tests.ui.test_page_layout import SMALLEST_TARGET, visit_with_tab

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SEARCH_FIELDS = ("#vary", "#colors", "#regions", "#stroke", "#seed", "#start", "#film", "#style-1", "#style-library")
SHIPPED = tuple(f"trained:{name}" for name in samples.STYLES)


def start_instant(page: Page, photo: str = "coffee", size: int = 128) -> None:
    """Choose a sample photo, a small size and Instant, and wait for the picture."""
    page.click(f'#photo-samples [data-picture="photo:{photo}"]')
    page.wait_for_selector(f'#photo[data-picture="photo:{photo}"]')
    set_size(page, size)
    select(page, "look", "instant")
    wait_for_caption(page, f"{size} × ")


def wait_for_caption(page: Page, text: str) -> None:
    """Wait until an instant picture is shown whose caption has a text."""
    page.wait_for_selector(f'{part("instant-actions")} [data-part="instant-caption"]:has-text("{text}")')


def shown_picture(page: Page) -> str:
    """Return the URL of the picture on the stage."""
    return page.get_attribute('[data-part="after"]', "src") or ""


def choose_trained(page: Page, title: str) -> None:
    """Choose a trained style by its title."""
    page.click(f'#trained-style label:has-text("{title}")')


def hold_asks(page: Page) -> dict[bool, list[Route]]:
    """Hold the requests for instant pictures from now on; return lists of them by whether the form is settled."""
    held: dict[bool, list[Route]] = {False: [], True: []}

    def hold(route: Route) -> None:
        request: Any = route.request.post_data_json
        if request["fn_name"] == "paint_instant":
            held[request["data"]["is_settled"]].append(route)
        else:
            route.continue_()

    page.route("**/component_server/", hold)
    return held


def take(page: Page, routes: list[Route]) -> Route:
    """Wait for a request that is held, and take it from its list."""

    def has_arrived() -> bool:
        page.wait_for_timeout(20)  # playwright calls the handlers while it waits
        return routes != []

    wait_until(has_arrived)
    return routes.pop(0)


def wait_for_announcement(page: Page, text: str) -> None:
    """Wait until a picture of a settled form is shown whose caption has a text."""
    page.wait_for_function(
        """text => document.querySelector('[data-part="announcement"]').textContent.includes(text)""", arg=text
    )


def change_form(page: Page, *changes: dict[str, Any]) -> None:
    """Change values of the form at once, faster than the form settles."""
    page.evaluate(
        """changes => import('/studio/store.js').then(({ change, store }) => {
            for (const { strength, ...values } of changes)
                change({ ...values, instant: { ...store.form.instant, ...(strength ? { strength } : {}) } });
        })""",
        list(changes),
    )


def test_the_picture_follows_the_form_without_a_button(open_page: OpenPage) -> None:
    page = open_page()
    start_instant(page)
    wait_for_caption(page, "Instant, swirls, strength 1, 128 × 85")
    assert shown_picture(page).startswith("data:image/jpeg")
    seen = {shown_picture(page)}

    def is_new() -> bool:
        return len(seen) < len(seen | {shown_picture(page)})

    page.focus("#strength input[type=range]")
    for strength in ("0.95", "0.9"):
        page.keyboard.press("ArrowLeft")
        wait_for_caption(page, f"strength {strength}")
        wait_until(is_new)
        seen.add(shown_picture(page))
    choose_trained(page, "mosaic")
    wait_for_caption(page, "Instant, mosaic, strength 0.9, 128 × 85")
    set_size(page, 96)
    wait_for_caption(page, "96 × 64")
    page.click('#photo-samples [data-picture="photo:astronaut"]')
    wait_for_caption(page, "96 × 96")
    assert page.get_attribute("#stage", "data-phase") == "idle", "no job was queued"
    assert page.locator(".results li").count() == 0
    wait_until(lambda: page.text_content('[data-part="announcement"]').startswith("Painted: Instant, mosaic"))  # type: ignore[union-attr]
    page.click('#photo [aria-label="Remove the photo"]')
    page.wait_for_selector("text=Choose a photo; it is painted at once.")
    assert not page.is_visible('[data-part="instant-actions"]')


def test_a_late_answer_for_another_photo_changes_nothing(open_page: OpenPage) -> None:
    """The settled picture is shown with its photo, although the answer for the photo before arrives in between."""
    page = open_page()
    page.click('#photo-samples [data-picture="photo:astronaut"]')
    page.wait_for_selector('#photo[data-picture="photo:astronaut"]')
    start_instant(page)
    wait_for_announcement(page, "128 × 85")
    photo = page.get_attribute('[data-part="before"]', "src")
    held = hold_asks(page)
    change_form(page, {"photo": "photo:astronaut"}, {"photo": "photo:coffee", "strength": 0.5})
    late, settled = take(page, held[False]), take(page, held[True])
    late.continue_()
    draft = take(page, held[False])
    settled.continue_()
    wait_for_announcement(page, "strength 0.5, 128 × 85")
    picture = shown_picture(page)
    assert page.get_attribute('[data-part="before"]', "src") == photo
    with page.expect_response("**/component_server/"):
        draft.continue_()
    assert shown_picture(page) == picture


def test_a_refused_picture_is_asked_for_once_more(open_page: OpenPage) -> None:
    """What is shown stays meanwhile. A draft that is refused is not told: the settled picture follows."""
    page = open_page()
    start_instant(page)
    wait_for_announcement(page, "strength 1")
    picture = shown_picture(page)
    held = hold_asks(page)
    message = "6 instant pictures wait already; try again in a moment."

    def refuse(route: Route) -> None:
        with page.expect_response("**/component_server/"):
            route.fulfill(json={"error": message})

    change_form(page, {"strength": 0.5})
    refuse(take(page, held[False]))
    settled = take(page, held[True])
    assert shown_picture(page) == picture
    assert page.is_visible('[data-part="instant-actions"]')
    assert page.text_content('[data-part="instant-message"]') == ""
    refuse(settled)
    page.wait_for_selector(f'[data-part="instant-message"]:has-text("{message}")')
    assert shown_picture(page) == picture
    assert page.is_visible('[data-part="instant-actions"]')
    take(page, held[True]).continue_()
    wait_for_announcement(page, "strength 0.5")
    assert page.text_content('[data-part="instant-message"]') == ""
    change_form(page, {"photo": "photo:astronaut"})
    refuse(take(page, held[True]))
    page.wait_for_selector('[data-part="instant-actions"]', state="hidden")
    refuse(take(page, held[True]))
    page.wait_for_timeout(1500)
    assert held[True] == [], "it is asked for twice, and not again"
    assert page.text_content('[data-part="instant-message"]') == message


def test_what_means_nothing_for_a_trained_style_is_hidden_with_the_reason(open_page: OpenPage) -> None:
    page = open_page()
    open_more(page)
    assert all(page.is_visible(field) for field in SEARCH_FIELDS)
    assert not page.is_visible("#trained-style")
    select(page, "look", "instant")
    assert [field for field in SEARCH_FIELDS if page.is_visible(field)] == []
    page.wait_for_selector("text=Colors, stroke size, seed, start, film, regions and side by side are not for trained")
    assert page.inner_text("#paint") == "Keep this picture"
    page.click("#paint")
    page.wait_for_selector("#message:has-text('Choose a photo first; there are samples below its box.')")
    select(page, "look", "bare")
    assert all(page.is_visible(field) for field in SEARCH_FIELDS)
    page.click("#undo")
    assert page.is_checked('#look input[value="instant"]'), "undo knows it, too"


def test_a_picture_is_kept_downloaded_and_starts_a_search(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    start_instant(page)
    choose_trained(page, "mosaic")
    wait_for_caption(page, "mosaic")
    page.focus("#strength input[type=range]")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(part("actions"))
    assert page.inner_text('[data-part="caption"]') == "Instant, mosaic, strength 1, 128 × 85"
    picture = download(page, '[aria-label="Download PNG"]', tmp_path)
    assert picture.name == "coffee-mosaic-instant-1-128px.png"
    record = read_painting_record(picture)
    assert record == json.loads(download(page, '[aria-label="Download Settings"]', tmp_path).read_bytes())
    page.click('[data-part="show-instant"]')
    kept = download(page, '[data-part="download-instant"]', tmp_path)
    assert kept.read_bytes() == picture.read_bytes()
    assert page.locator(".results li").count() == 1, "it was kept already"
    page.wait_for_selector(part("actions"))
    page.click('[data-part="start"]')
    page.wait_for_selector("text=The look is Balanced now, as Instant has no start.")
    page.wait_for_selector('#style-1[data-picture="style:mosaic"]')
    form = stored_form(page)
    assert (form["look"], form["start"][:7]) == ("bare", "result:")
    page.click('[data-part="use"]')
    wait_for_caption(page, "Instant, mosaic, strength 1, 128 × 85")
    load_settings(page, picture)
    assert stored_form(page)["instant"] == {"style": "trained:mosaic", "name": "mosaic", "strength": 1}


@pytest.mark.slow
def test_a_saved_search_look_leaves_the_trained_style(open_page: OpenPage) -> None:
    page = open_page()
    save_look(page, "soft")
    start_instant(page)
    save_look(page, "swirling")
    choose_trained(page, "mosaic")
    change_form(page, {"strength": 0.5})
    wait_for_caption(page, "mosaic, strength 0.5")
    page.wait_for_selector("text=Trained style and strength, but not the photo")
    page.click("#saved-looks >> text=soft")
    page.wait_for_selector("text=Look, strength, colors, stroke size, start, and seed, but not the pictures")
    select(page, "look", "instant")
    wait_for_caption(page, "mosaic, strength 0.5")
    page.click("#saved-looks >> text=swirling")
    wait_for_caption(page, "swirls, strength 1")


@pytest.mark.slow
def test_a_refresh_shows_the_same_picture(open_page: OpenPage) -> None:
    page = open_page()
    start_instant(page)
    choose_trained(page, "hatching")
    wait_for_caption(page, "hatching")
    page.wait_for_timeout(500)  # until the form is saved
    page.reload()
    page.wait_for_selector(READY)
    wait_for_caption(page, "Instant, hatching, strength 1, 128 × 85")


def test_a_style_of_the_library_has_its_trained_one(open_page: OpenPage) -> None:
    page = open_page()
    choose_samples(page, style="impasto")
    set_size(page, 96)
    select(page, "look", "instant")
    wait_for_caption(page, "Instant, impasto")


def test_files_are_loaded_dropped_and_refused(open_page: OpenPage, tmp_path: Path) -> None:
    """A .style file can be dropped anywhere; what is none is refused where it was dropped or chosen."""
    both = tmp_path / "both.style"
    make_style(names=("sea", "sky")).save(both)
    letter, large = tmp_path / "letter.style", tmp_path / "large.style"
    letter.write_text("Dear Sir or Madam")
    large.write_bytes(b"x" * (MAX_UPLOAD + 1))
    page = open_page()
    page.click('#photo-samples [data-picture="photo:coffee"]')
    set_size(page, 96)
    drop_files(page, "#style-1", [both])
    wait_for_caption(page, "Instant, sea, strength 1, 96 × 64")
    sizes = "images => images.map(image => image.naturalWidth)"
    wait_until(lambda: page.eval_on_selector_all("#trained-style label:has-text('s') img", sizes)[:2] == [256, 256])
    choose_trained(page, "sky")
    wait_for_caption(page, "sky")
    for file, message in (
        (letter, "'letter.style' is not a trained style, or is damaged; give a .style file from `barestyle train`."),
        (large, "“large.style” has 2 MB; the limit is 2 MB. Save it smaller."),
    ):
        page.set_input_files("#trained-style-file", file)
        page.wait_for_selector(f'#trained-styles [role=alert]:has-text("{message}")')
        assert stored_form(page)["instant"]["name"] == "sky", "the style before it stays"
    waves = tmp_path / "waves.style"
    shutil.copyfile(samples.trained_style("mosaic"), waves)
    drop_files(page, "header", [letter])
    page.wait_for_selector("#trained-styles [role=alert]:has-text('letter.style')")
    drop_files(page, "#photo", [waves])
    wait_for_caption(page, "Instant, waves")
    assert page.text_content("#trained-styles [role=alert]") == ""
    titles = page.locator("#trained-style .choice-title").all_inner_texts()
    assert titles == ["waves", "sea", "sky", *samples.STYLES]


def test_a_refused_style_file_leaves_the_look(open_page: OpenPage, tmp_path: Path) -> None:
    """The slot that took it says why; a style that is accepted is chosen, and Paint waits for it."""
    letter, waves = tmp_path / "letter.style", tmp_path / "waves.style"
    letter.write_text("Dear Sir or Madam")
    shutil.copyfile(samples.trained_style("mosaic"), waves)
    page = open_page()
    page.click('#photo-samples [data-picture="photo:coffee"]')
    set_size(page, 96)
    for vary, target, slot in (
        ("seeds", "#style-1", "#style-1"),
        ("seeds", "header", "#style-1"),
        ("styles", "#photo", "#photo"),
        ("styles", "header", "#photo"),
    ):
        select(page, "vary", vary)
        page.evaluate("for (const each of document.querySelectorAll('.slot .message')) each.textContent = ''")
        drop_files(page, target, [letter])
        page.wait_for_selector(f"{slot} [role=alert]:has-text(\"'letter.style' is not a trained style\")")
        form = stored_form(page)
        assert (form["look"], form["vary"], form["photo"]) == ("bare", vary, "photo:coffee")
        assert not page.is_visible("#trained-styles")
    held: list[Route] = []
    page.route("**/upload*", lambda route: held.append(route))
    drop_files(page, "#photo", [waves])
    page.click("#paint")
    page.wait_for_selector("text=Waiting for the file that is being sent…")
    assert stored_form(page)["look"] == "bare"
    take(page, held).continue_()
    page.wait_for_selector(part("actions"))
    assert page.inner_text('[data-part="caption"]') == "Instant, waves, strength 1, 96 × 64"
    assert stored_form(page)["vary"] == "nothing"
    assert page.text_content("#photo [role=alert]") == ""


@pytest.mark.slow
def test_an_instant_picture_while_a_search_is_painted(open_page: OpenPage, endless_result: Path) -> None:
    page = open_page()
    start_search(page, endless_result)
    select(page, "look", "instant")
    wait_for_caption(page, "Instant, mosaic, strength 1, 48 × 32")
    assert page.get_attribute("#stage", "data-phase") == "painting"
    select(page, "look", "bare")
    page.wait_for_selector(part("live"))
    select(page, "look", "instant")
    wait_for_caption(page, "Instant, mosaic")
    page.click("#paint")
    page.wait_for_selector(part("actions"))
    page.click('[data-part="watch"]')
    assert page.is_visible('[data-part="live"]')
    page.click("#stop")
    wait_for_results(page, 2)


@pytest.mark.slow
def test_a_large_picture_comes_after_a_smaller_copy(open_page: OpenPage) -> None:
    page = open_page()
    start_instant(page)
    set_size(page, 1600)
    page.wait_for_selector("text=This is a smaller copy, with broader strokes; the full size follows.")
    width = "document.querySelector('[data-part=after]').naturalWidth"
    assert page.evaluate(width) < 1600
    box = page.locator('[data-part="comparison"]').bounding_box()
    page.wait_for_function(f"{width} === 1600")
    assert page.locator('[data-part="comparison"]').bounding_box() == box
    assert page.inner_text('[data-part="instant-note"]') == ""
    page.fill("#strength input[type=number]", "0.5")
    wait_for_caption(page, "strength 0.5")
    page.wait_for_function(f"{width} === 1600")


@pytest.mark.slow
def test_an_instant_result_is_enlarged_without_the_queue(open_page: OpenPage) -> None:
    page = open_page()
    start_instant(page)
    page.click("#paint")
    page.wait_for_selector(part("actions"))
    page.click('[data-part="enlarge"]')
    page.wait_for_selector('[data-part="sizes"]:has-text("about ")')
    page.click('[data-part="enlarge-start"]')
    page.wait_for_selector('[data-part="caption"]:has-text("1024 × 683")', timeout=120_000)
    assert page.get_attribute("#stage", "data-phase") == "idle"
    assert not page.is_visible('[data-part="enlarge-dialog"]')


@pytest.mark.slow
def test_the_picture_is_beside_the_sliders_on_a_phone(open_page: OpenPage) -> None:
    """In the bar at the bottom, until the stage itself is in sight."""
    page = open_page(PHONE)
    start_instant(page)
    page.locator("#strength").scroll_into_view_if_needed()
    assert page.is_visible("#peek img")
    assert page.get_attribute("#peek img", "src") == shown_picture(page)
    page.click("#peek")
    page.wait_for_selector("#peek", state="hidden")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], "no sideways scrolling"
    assert not open_page(DESKTOP).is_visible("#peek")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_audit_finds_nothing(open_page: OpenPage, viewport: dict[str, int], tmp_path: Path) -> None:
    page = open_page({**viewport, "height": 4000})
    select(page, "look", "instant")
    assert audit(page) == [], "without a photo"
    start_instant(page)
    open_more(page)
    (tmp_path / "letter.style").write_text("Dear Sir or Madam")
    page.set_input_files("#trained-style-file", tmp_path / "letter.style")
    page.wait_for_selector("#trained-styles [role=alert]:has-text('letter.style')")
    assert audit(page) == []
    page.click("#paint")
    page.wait_for_selector(part("actions"))
    assert audit(page) == [], "with a kept picture"
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"], "no sideways scrolling"


@pytest.mark.slow
def test_the_keyboard_reaches_everything_and_targets_are_large(open_page: OpenPage) -> None:
    page = open_page()
    start_instant(page)
    page.click("h1")  # from where Tab goes on
    visited = visit_with_tab(page)
    expected = ["trained-style input", "trained-styles input", "look input", "strength input", "size input"]
    assert [name for name in expected if not any(name in stop for stop in visited)] == []
    page.focus("#trained-style input:checked")
    page.keyboard.press("ArrowRight")
    wait_for_caption(page, "mosaic")
    small = page.evaluate(
        """least => [...document.querySelectorAll("#trained-styles label, [data-part=instant-actions] button")]
            .map(node => node.getBoundingClientRect()).filter(box => box.width < least || box.height < least).length""",
        SMALLEST_TARGET,
    )
    assert small == 0
