"""The page in a real browser, with the network cable out: every request beyond the page fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from barestyle.run import record as records
from barestyle.ui import choices
from tests.ui.conftest import MAX_UPLOAD, Served, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}
SAMPLES = ("coffee", "rocket")
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is an extra")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as browsers:
        started = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, page_server: Served) -> Iterator[Open]:
    """A function that opens the page in a browser of its own; what goes wrong in it fails the test at the end."""
    outside: list[str] = []
    errors: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # Gradio asks how far an upload is that it refused to begin, and whether there are things that we leave out.
        asks = any(name in message.location["url"] for name in ("upload_progress", "mcp/schema", "monitoring/summary"))
        if message.type == "error" and not asks and message.text != "Response":
            errors.append(message.text)

    def open_page(viewport: dict[str, int] = DESK, scheme: str = "light") -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, has_touch=viewport is PHONE)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        contexts.append(context)
        own = (page_server.url, "data:", "blob:")
        context.on("request", lambda request: None if request.url.startswith(own) else outside.append(request.url))
        context.route(lambda url: not url.startswith(own), lambda route: route.abort())
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", note)
        page.goto(page_server.url)
        page.wait_for_selector("#paint")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert errors == []


def choose(page: Page, slot: str, file: Path) -> None:
    """Send a picture to its place and wait until it is taken."""
    page.set_input_files(f"#{slot} input[type=file]", file)
    page.wait_for_selector(f'#{slot} img[src*="-small.jpg"]')


def load(page: Page, earlier: Path) -> None:
    """Take over an earlier result's settings."""
    if not page.is_visible("#earlier"):
        page.click("#more > button")
    page.set_input_files("#earlier input[type=file]", earlier)
    page.wait_for_selector(f"text=The settings of {earlier.name} are loaded.")


def words(page: Page) -> str:
    return page.inner_text('[data-part="words"]')


def begin(page: Page, pictures: Path, earlier: Path) -> None:
    """Everything chosen, and Paint pressed."""
    choose(page, "content", pictures / "content.png")
    choose(page, "style", pictures / "style.jpg")
    load(page, earlier)
    page.click("#paint")


def test_from_two_pictures_to_a_record_that_loads_back(
    opened: Open, pictures: Path, endless: Path, tmp_path: Path
) -> None:
    page = opened()
    begin(page, pictures, endless)
    frames: set[str | None] = set()
    page.wait_for_selector('[data-part="frame"]:not([hidden])')

    def live() -> bool:
        frames.add(page.get_attribute('[data-part="frame"]', "src"))
        return len(frames) >= 3

    eventually(live)
    assert all(frame and frame.startswith("data:image/jpeg") for frame in frames)
    assert words(page) == "Painting."
    assert "left" in page.inner_text('[data-part="details"]')
    assert page.locator('[data-part="curve"] svg path').count() == 2, "the curve, and a dot at its end"
    assert page.evaluate("document.querySelector('progress').value") > 0
    page.click("#stop")
    page.wait_for_selector('[data-part="pair"]:not([hidden])')
    assert words(page).startswith("Stopped after ")
    assert page.is_visible("#paint")
    with page.expect_download() as downloading:
        page.click("text=Download the picture")
    picture = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(picture)
    assert picture.name == "content-style.png"
    record = records.find(picture)
    assert record.interrupted
    assert record.seed == 3
    with page.expect_download() as downloading:
        page.click("text=Download its record")
    downloading.value.save_as(tmp_path / downloading.value.suggested_filename)
    assert records.find(tmp_path / "content-style.png.json") == record
    page.fill("#seed textarea, #seed input", "12")
    load(page, picture)
    assert page.input_value("#seed textarea, #seed input") == "3"
    assert page.input_value("#size input[type=number]") == "48"
    assert page.is_checked('#preset input[value="as before"]')


def test_the_divider_moves_by_mouse_and_by_keyboard(opened: Open, pictures: Path, quick: Path) -> None:
    page = opened()
    begin(page, pictures, quick)
    page.wait_for_selector('[data-part="pair"]:not([hidden])')
    assert words(page).startswith("Painted in ")

    def cut() -> str:
        return page.eval_on_selector('[data-part="pair"]', "pair => pair.style.getPropertyValue('--cut')")  # type: ignore[no-any-return]

    assert cut() == "50%"
    page.focus('[data-part="cut"]')
    page.keyboard.press("ArrowLeft")
    assert cut() == "49%"
    page.keyboard.press("Home")
    assert cut() == "0%"
    page.click(".toast-close")  # the note lies over the picture
    box = page.locator('[data-part="pair"]').bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle)
    page.mouse.up()
    assert cut() == "80%"
    sizes = page.eval_on_selector_all(".pair img", "images => images.map(one => [one.naturalWidth, one.naturalHeight])")
    assert sizes == [[64, 48], [64, 48]]


def test_by_keyboard_alone(opened: Open, quick: Path) -> None:
    """From sample pictures to a run and back to the button that began it, without a mouse."""
    page = opened()
    seen = reached(page)
    expected = ["content button", "content-samples button", "style-samples button", "how [tab]", "preset input"]
    expected += ["strength input", "colors input", "size input", "tools button", "more button"]
    assert [name for name in expected if not any(name in one for one in seen)] == []
    page.focus('#content-samples [data-sample="coffee"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('#content img[src*="-small.jpg"]')
    page.focus('#style-samples [data-sample="mosaic"]')
    page.keyboard.press("Space")
    page.wait_for_selector('#style img[src*="-small.jpg"]')
    load(page, quick)
    page.focus("#paint")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-phase="done"]')
    eventually(lambda: page.evaluate("document.activeElement.id") == "paint")
    page.focus("#seed textarea, #seed input")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#stop:visible")
    page.wait_for_selector('[data-phase="done"]')


def reached(page: Page) -> list[str]:
    """What Tab comes to, as 'id tag', until it has been round; all of it is named and shows its focus."""
    found: list[str] = []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    for _ in range(80):
        one = page.evaluate(
            """() => {
                const node = document.activeElement;
                if (!node || node === document.body) return null;
                const labels = node.labels ? [...node.labels].map(label => label.textContent).join(" ") : "";
                const text = node.getAttribute("aria-label") || labels || node.textContent || node.title || "";
                const ring = getComputedStyle(node).outlineStyle !== "none" || node.matches("input");
                const home = node.closest("[id]:not(input):not(button):not([id^=html-])");
                const role = node.getAttribute("role") === "tab" ? "[tab]" : node.tagName.toLowerCase();
                return [`${home ? home.id : ""} ${role}`, text.trim(), ring];
            }"""
        )
        if one is None:
            break
        name, label, ring = one
        assert label, f"{name} has no name"
        assert ring, f"{name} does not show that it has the focus"
        found.append(name)
        page.keyboard.press("Tab")
    return found


def test_presets_side_by_side(opened: Open, pictures: Path) -> None:
    page = opened()
    choose(page, "content", pictures / "content.png")
    choose(page, "style", pictures / "style.jpg")
    page.click("[role=tab]:has-text('Side by side')")
    page.wait_for_selector("#paint:has-text('side by side')")
    page.fill("#size input[type=number]", "64")
    page.keyboard.press("Tab")
    page.click("#paint")
    page.wait_for_selector("text=Two, three or four manners can be seen side by side, not 1; choose again.")
    page.check("#presets input[name=bare-fast]")
    page.uncheck("#presets input[name=bare]")
    page.check("#presets input[name=laplacian-pyramid]")
    page.wait_for_selector("#strength:has-text('From the photograph (0) to all style (1), for Quick sketch alone')")
    page.click("#paint")
    page.wait_for_selector('[data-phase="done"]', timeout=60_000)
    assert words(page).startswith("Two pictures, painted in ")
    assert page.locator('[data-part="wall"] strong').all_inner_texts() == ["Quick sketch", "Ripples"]
    presets = []
    for number in range(2):
        with page.expect_download() as downloading:
            page.locator('[data-part="wall"] a:has-text("Picture")').nth(number).click()
        assert downloading.value.suggested_filename.startswith("content-style-")
        presets.append(records.find(_saved(downloading.value.path())).spec.network.kind)
    assert presets == ["vgg", "pyramid"]
    page.locator('[data-part="wall"] button').nth(1).click()
    assert page.is_visible('[data-part="pair"]')
    assert words(page).startswith("Ripples. Painted in ")
    page.click("text=Show all of them")
    assert not page.is_visible('[data-part="pair"]')


def _saved(path: Path) -> Path:
    """A download under a name of a picture's."""
    return Path(shutil.copy(path, path.with_suffix(".png")))


def test_a_preset_says_what_to_expect_and_whether_it_takes_a_strength(opened: Open) -> None:
    page = opened()
    assert page.locator("#preset label").count() == len(choices.offered())
    assert page.is_enabled("#strength input[type=range]")
    page.check('#preset input[value="npnd"]')
    page.wait_for_selector("text=Strong colors and dark edges; the forms stay.")
    page.wait_for_selector("#strength input[type=range][disabled]")
    page.check('#preset input[value="bare-fine"]')
    page.wait_for_selector("#strength input[type=range]:not([disabled])")


def test_the_api_is_described_on_the_page(opened: Open) -> None:
    page = opened()
    page.click("text=Use via API")
    page.wait_for_selector("text=/paint")
    page.wait_for_selector("text=Repaint the content in the style of another picture.")


def test_a_closed_tab_ends_its_job_and_the_next_one_begins(
    opened: Open, page_server: Served, pictures: Path, endless: Path
) -> None:
    first, second, third = opened(), opened(), opened()
    begin(first, pictures, endless)
    first.wait_for_selector('[data-phase="painting"]')
    begin(second, pictures, endless)
    second.wait_for_selector("text=One picture is before yours; it begins when that one is done.")
    begin(third, pictures, endless)
    third.wait_for_selector("text=Two pictures are before yours; it begins when those are done.")
    second.close()
    third.wait_for_selector("text=One picture is before yours")
    first.close()
    third.wait_for_selector('[data-phase="painting"]', timeout=5_000)
    third.close()
    eventually(lambda: not any((page_server.folder / "visits").iterdir()))


def test_leaving_the_line(opened: Open, pictures: Path, endless: Path) -> None:
    first, second = opened(), opened()
    begin(first, pictures, endless)
    first.wait_for_selector('[data-phase="painting"]')
    begin(second, pictures, endless)
    second.wait_for_selector("text=One picture is before yours")
    second.click("#stop")
    second.wait_for_selector("text=You left the line, and nothing was painted.")
    assert second.is_visible("#paint")


def test_what_is_no_picture_is_told_and_the_page_goes_on(
    opened: Open, pictures: Path, quick: Path, tmp_path: Path
) -> None:
    page = opened()
    page.click("#paint")
    page.wait_for_selector("text=There is no photograph yet; drop one, or choose one of those below.")
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    page.set_input_files("#content input[type=file]", letter)
    page.wait_for_selector("text='letter.png' is no picture that can be read; give a PNG, JPEG")
    page.wait_for_selector("#content input[type=file]", state="attached")
    wall = tmp_path / "wall.png"
    Image.new("1", (10_000, 10_000)).save(wall)
    page.set_input_files("#content input[type=file]", wall)
    page.wait_for_selector("text='wall.png' has 10000 x 10000 = 100,000,000 pixels")
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * (MAX_UPLOAD + 1))
    page.wait_for_selector("#content input[type=file]", state="attached")
    page.set_input_files("#content input[type=file]", large)
    page.wait_for_selector("text=/exceeds|too large|maximum/i")
    load_refused(page, letter, "'letter.png' carries no record")
    load_refused(page, pictures / "style.jpg", "'style.jpg' carries no record")
    begin(page, pictures, quick)
    page.wait_for_selector('[data-phase="done"]')


def load_refused(page: Page, file: Path, said: str) -> None:
    if not page.is_visible("#earlier"):
        page.click("#more > button")
    page.set_input_files("#earlier input[type=file]", file)
    page.wait_for_selector(f"text={said}")


def test_a_tiff_is_shown_and_painted_from(opened: Open, pictures: Path, quick: Path, tmp_path: Path) -> None:
    """A kind that browsers cannot show."""
    with Image.open(pictures / "content.png") as image:
        image.save(tmp_path / "scan.tiff")
    page = opened()
    choose(page, "content", tmp_path / "scan.tiff")
    assert page.eval_on_selector("#content img", "image => image.decode().then(() => image.naturalWidth)") == 64
    choose(page, "style", pictures / "style.jpg")
    load(page, quick)
    page.click("#paint")
    page.wait_for_selector('[data-phase="done"]')


@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(PHONE, "light"), (PHONE, "dark"), (DESK, "dark")],
    ids=["phone", "dark phone", "dark desk"],
)
def test_it_fits_and_can_be_read(
    opened: Open, viewport: dict[str, int], scheme: str, pictures: Path, quick: Path
) -> None:
    """No sideways scrolling, and contrasts of at least 4.5 to 1 (WCAG 2.2, 1.4.3), before a run and after it."""
    page = opened(viewport, scheme)
    page.click("#more > button")
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        assert contrasts_below(page, 4.5) == []
        begin(page, pictures, quick)
        page.wait_for_selector('[data-phase="done"]')
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, dark.strip("rgb()").split(","))) < 128 * 3) == (scheme == "dark")


def contrasts_below(page: Page, least: float) -> list[list[object]]:
    """Visible texts with too little contrast to the first opaque ground behind them, and how much they have."""
    return page.evaluate(  # type: ignore[no-any-return]
        """least => {
            const numbers = color => color.match(/[\\d.]+/g).map(Number);
            const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
            const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            const ground = node => {
                for (; node; node = node.parentElement) {
                    if (getComputedStyle(node).backgroundImage !== "none") return null;
                    const [r, g, b, a = 1] = numbers(getComputedStyle(node).backgroundColor);
                    if (a === 1) return [r, g, b];
                    if (a > 0) return null;
                }
                return [255, 255, 255];
            };
            const found = [];
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const node = walker.currentNode.parentElement;
                const text = walker.currentNode.textContent.trim();
                if (!text || !node.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
                if (node.closest("script, style, footer, .pair")) continue;
                const behind = ground(node);
                if (!behind) continue;
                const ink = numbers(getComputedStyle(node).color);
                const [one, other] = [light(ink), light(behind)].sort((a, b) => b - a);
                const contrast = (one + 0.05) / (other + 0.05);
                if (contrast < least) found.push([text.slice(0, 40), contrast]);
            }
            return found;
        }""",
        least,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_tabs_at_once(opened: Open, page_server: Served, pictures: Path, endless: Path, quick: Path) -> None:
    """One job holds the easel while ten others ask: every tab shows its own place, and then its own picture."""
    holder = opened()
    begin(holder, pictures, endless)
    holder.wait_for_selector('[data-phase="painting"]')
    pages = [opened() for _ in range(10)]
    for number, page in enumerate(pages):
        page.click(f'#content-samples [data-sample="{SAMPLES[number % 2]}"]')
        page.click('#style-samples [data-sample="hatching"]')
        page.wait_for_selector('#content img[src*="-small.jpg"]')
        page.wait_for_selector('#style img[src*="-small.jpg"]')
        load(page, quick)
    for page in pages:
        page.click("#paint")
        page.wait_for_selector("text=/before yours; it begins when/")
    said = [words(page).split()[0] for page in pages]
    assert said == ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"]
    before = page_server.memory()
    holder.click("#stop")
    for number, page in enumerate(pages):
        page.wait_for_selector('[data-phase="done"]')
        link = page.get_attribute("text=Download the picture", "download")
        assert link == f"{SAMPLES[number % 2]}-hatching.png", "its own picture"
    for page in (holder, *pages):
        page.close()
    eventually(lambda: not any((page_server.folder / "visits").iterdir()))
    assert page_server.memory() - before < 100_000_000
