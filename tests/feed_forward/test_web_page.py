"""The page without a server paints in Chromium what PyTorch paints, without any connection."""

from __future__ import annotations

import base64
import http.server
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import samples
from barestyle.feed_forward import NetworkShape, TrainedStyle
from barestyle.feed_forward.web_page import build_page, join_names
from barestyle.feed_forward.web_runtime import WebRuntime
from tests.browser import audit
from tests.feed_forward.cases import make_style

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OpenPage = Callable[..., "Page"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 720}
LEVEL = 1 / 255
FINISHED = '[data-part="download"][aria-disabled="false"]'
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""Headers with which a browser allows several threads."""


def part(name: str) -> str:
    return f'[data-part="{name}"]'


@pytest.fixture(scope="module")
def style() -> TrainedStyle:
    return make_style()


@pytest.fixture(scope="module")
def page_file(style: TrainedStyle, web_runtime: WebRuntime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("web") / "index.html"
    file.write_bytes(build_page(style, web_runtime))
    return file


@contextmanager
def serve(folder: Path, headers: dict[str, str]) -> Iterator[str]:
    """Serve a folder as `python -m http.server` does, with more headers; yield the address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            for name, value in headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, format: str, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def open_page(browser: Browser, page_file: Path) -> Iterator[OpenPage]:
    """A function that opens the page. The test fails at its end if it logged an error or requested anything else."""
    requests: set[str] = set()
    errors: list[str] = []
    contexts = []

    def open_page(address: str = page_file.as_uri(), viewport: dict[str, int] = DESKTOP, before: str = "") -> Page:
        context = browser.new_context(viewport=viewport)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_init_script(before)
        context.on("request", lambda request: requests.add(request.url) if request.url != address else None)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith(("blob:", "data:"))] == []
    assert errors == []


def choose_photo(page: Page, file: Path, size: int = 256) -> None:
    """Choose a photo and a size, and wait until the picture is painted."""
    page.select_option(part("size"), str(size))
    page.set_input_files(part("file"), file)
    page.wait_for_selector(FINISHED)


def set_strength(page: Page, percent: int) -> None:
    page.fill(part("strength"), str(percent))
    page.wait_for_selector(FINISHED)


def read_canvas(page: Page, name: str) -> Tensor:
    """Return the pixels of a canvas, (1, 3, H, W) in 0..1."""
    url = page.evaluate("name => document.querySelector(`[data-part=${name}]`).toDataURL('image/png')", name)
    return read_pixels(base64.b64decode(url.partition(",")[2]))


def read_pixels(file: bytes) -> Tensor:
    """Return the pixels of an image file, (1, 3, H, W) in 0..1."""
    image = Image.open(io.BytesIO(file))
    assert image.mode == "RGB" or image.getchannel("A").getextrema() == (255, 255)
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None] / 255


def check_painting(page: Page, style: TrainedStyle, name: str = "style 1", strength: float = 1.0) -> None:
    """Compare the painted picture with what the network paints of the pixels of the photo."""
    expected = style.network(read_canvas(page, "before"), style.mix({name: 1.0}, strength))
    torch.testing.assert_close(read_canvas(page, "after"), expected, atol=LEVEL / 2 + 1e-4, rtol=0)  # 8 bits


def test_a_photo_is_painted_as_pytorch_paints_it(open_page: OpenPage, style: TrainedStyle) -> None:
    page = open_page()
    choose_photo(page, samples.photo("coffee"))
    photo = Image.open(samples.photo("coffee")).convert("RGB").resize((256, 171), Image.Resampling.BOX)
    expected = torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None] / 255
    assert (read_canvas(page, "before") - expected).abs().mean() < 4 * LEVEL, "resized by another filter"
    check_painting(page, style)
    assert page.inner_text(part("status")).startswith("256 × 171 pixels, painted in ")
    set_strength(page, 40)
    check_painting(page, style, "style 1", 0.4)
    page.check('input[name="style"][value="1"]')
    page.wait_for_selector(FINISHED)
    check_painting(page, style, "style 2", 0.4)
    set_strength(page, 0)
    check_painting(page, style, "style 2", 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("headers", [{}, ISOLATED], ids=["one thread", "several threads"])
def test_the_page_works_from_a_server(
    open_page: OpenPage, style: TrainedStyle, page_file: Path, headers: dict[str, str]
) -> None:
    with serve(page_file.parent, headers) as address:
        page = open_page(address)
        assert page.evaluate("crossOriginIsolated") == bool(headers)
        choose_photo(page, samples.photo("chelsea"))
        check_painting(page, style)
        page.context.close()


@pytest.mark.slow
def test_the_download_is_the_painted_picture(open_page: OpenPage) -> None:
    page = open_page()
    choose_photo(page, samples.photo("coffee"))
    set_strength(page, 70)
    with page.expect_download() as event:
        page.click(part("download"))
    assert event.value.suggested_filename == "coffee-style-1-70.png"
    assert torch.equal(read_pixels(Path(event.value.path()).read_bytes()), read_canvas(page, "after"))


@pytest.mark.slow
def test_orientation_and_transparency(open_page: OpenPage, tmp_path: Path) -> None:
    """A photo that was taken upright is upright, and what is transparent is white."""
    image = Image.new("RGB", (64, 32), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    image.save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGBA", (40, 40), (0, 0, 255, 0)).save(tmp_path / "clear.png")
    page = open_page()
    choose_photo(page, tmp_path / "turned.jpg")
    assert read_canvas(page, "before").shape[-2:] == (64, 32)
    assert "the photo's own size" in page.inner_text(part("status"))
    page.set_input_files(part("file"), tmp_path / "clear.png")
    page.wait_for_selector("text=40 × 40 pixels")
    assert torch.all(read_canvas(page, "before") == 1)


@pytest.mark.slow
def test_files_are_dropped_and_pasted(open_page: OpenPage) -> None:
    page = open_page()
    send = """([type, name]) => {
        const canvas = new OffscreenCanvas(48, 32);
        canvas.getContext("2d").fillRect(0, 0, 20, 20);
        return canvas.convertToBlob().then((blob) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([blob], "dropped.png", { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            const event = type === "paste"
                ? new ClipboardEvent(type, { ...options, clipboardData: transfer })
                : new DragEvent(type, { ...options, dataTransfer: transfer });
            document.querySelector(name).dispatchEvent(event);
            return event.defaultPrevented;
        });
    }"""
    assert page.evaluate(send, ["dragover", "footer"]), "or the browser would open the file"
    for number, (kind, place) in enumerate((("drop", "footer"), ("paste", "body"))):
        assert page.evaluate(send, [kind, place])
        page.wait_for_selector(FINISHED)
        assert page.inner_text(part("status")).startswith("48 × 32 pixels"), number
        page.reload()


def test_a_file_that_is_no_image_leaves_the_picture(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not an image")
    Image.new("RGB", (400, 5)).save(tmp_path / "line.png")
    page = open_page()
    choose_photo(page, samples.photo("coffee"))
    before = read_canvas(page, "after")
    page.set_input_files(part("file"), tmp_path / "notes.jpg")
    page.wait_for_selector(
        "text=notes.jpg is not an image that this browser can read; choose a JPEG, PNG or WebP file."
    )
    page.set_input_files(part("file"), tmp_path / "line.png")
    page.wait_for_selector("text=The picture has 400 × 5 pixels; choose one with at least 16 on each side.")
    assert torch.equal(read_canvas(page, "after"), before)
    choose_photo(page, samples.photo("chelsea"))
    page.wait_for_function("selector => document.querySelector(selector).textContent === ''", arg=part("message"))


def test_a_browser_without_webassembly(open_page: OpenPage) -> None:
    page = open_page(before="delete window.WebAssembly")
    page.wait_for_selector("text=This browser has no WebAssembly, or it is disabled.")
    assert page.is_disabled(part("camera"))
    assert page.is_disabled(part("strength"))


@pytest.mark.slow
def test_the_camera_is_painted(open_page: OpenPage, style: TrainedStyle) -> None:
    page = open_page()
    page.click(part("camera"))
    page.wait_for_selector("text=pictures per second")
    assert page.is_visible(part("switch")), "the test's browser has two cameras"
    assert not page.is_visible(part("download"))
    first = read_canvas(page, "after")
    for _ in range(200):
        if first.shape != (latest := read_canvas(page, "after")).shape or not torch.equal(first, latest):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail("the picture of the camera does not move")
    page.click(part("switch"))
    page.wait_for_selector(f"{part('take')}:enabled")
    page.wait_for_selector("text=pictures per second")
    page.select_option(part("size"), "256")
    page.click(part("take"))
    page.wait_for_selector(FINISHED)
    assert page.inner_text(part("status")).startswith("256 × ")
    # The test picture is nearly flat, and little is left of its variance when its sums are rounded.
    expected = style.network(read_canvas(page, "before"), style.mix())
    assert (read_canvas(page, "after") - expected).abs().mean() < LEVEL
    assert page.evaluate("document.activeElement.dataset.part") == "camera"
    page.click(part("camera"))
    page.wait_for_selector("text=pictures per second")
    page.click(part("stop"))
    page.wait_for_selector(FINISHED)
    assert page.inner_text(part("rate")) == ""


@pytest.mark.slow
def test_no_picture_is_taken_while_the_camera_switches(open_page: OpenPage) -> None:
    hold = """
        const start = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.starts = 0;
        window.permission = new Promise((resolve) => { window.permit = resolve; });
        navigator.mediaDevices.getUserMedia = async (options) => {
            if (++window.starts === 2) await window.permission;
            return start(options);
        };
    """
    page = open_page(before=hold)
    page.click(part("camera"))
    page.wait_for_selector("text=pictures per second")
    page.click(part("switch"))
    page.wait_for_selector("text=Starting the camera")
    assert [page.is_disabled(part(name)) for name in ("take", "switch", "stop")] == [True] * 3
    page.select_option(part("size"), "256")  # asks for another painting, and there is none without a camera
    assert page.inner_text(part("rate")) == ""
    page.evaluate("permit()")
    page.wait_for_selector("text=pictures per second")
    assert page.evaluate("document.activeElement.dataset.part") == "take"


@pytest.mark.slow
def test_a_camera_that_ends(open_page: OpenPage) -> None:
    keep = """
        const start = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (options) => (window.stream = await start(options));
    """
    page = open_page(before=keep)
    page.click(part("camera"))
    page.wait_for_selector("text=pictures per second")
    page.evaluate("stream.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    page.wait_for_selector("text=The camera ended; start it again, or choose a photo.")
    assert page.is_visible(part("empty"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("NotFoundError", "There is no camera; choose a photo."),
        ("NotAllowedError", "The camera is not allowed; allow it for this page in the browser's settings"),
        ("NotReadableError", "Another program uses the camera; close it"),
        ("OverconstrainedError", "The camera does not start (test); choose a photo."),
    ],
)
def test_a_camera_that_does_not_start(open_page: OpenPage, error: str, sentence: str) -> None:
    fail = f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('test', '{error}'); }}"
    page = open_page(before=fail)
    page.click(part("camera"))
    page.wait_for_selector(f"text={sentence}")
    assert page.is_visible(part("empty"))


def test_no_camera_at_an_address_that_is_not_secure(open_page: OpenPage) -> None:
    page = open_page(before="Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.click(part("camera"))
    page.wait_for_selector("text=The browser gives no camera to this address")


def test_the_page_can_connect_to_nothing(browser: Browser, page_file: Path) -> None:
    page = browser.new_page()
    try:
        page.goto(page_file.as_uri())
        assert page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)") == "TypeError"
        assert (
            page.evaluate(
                """() => new Promise((resolve) => {
                document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
                new Image().src = "http://127.0.0.1:9/picture.png";
            })"""
            )
            == "img-src"
        )
    finally:
        page.close()


@pytest.mark.slow
def test_too_little_memory_paints_a_smaller_picture(
    open_page: OpenPage, style: TrainedStyle, web_runtime: WebRuntime, tmp_path: Path
) -> None:
    """The runtime's memory is limited to 64 MB, as if the browser had no more."""
    limit, pages = b"maximum:65536", b"maximum:1024 "
    assert web_runtime.script.count(limit) == 1
    runtime = WebRuntime(web_runtime.script.replace(limit, pages), web_runtime.wasm)
    wide = make_style(NetworkShape((32, 8, 12, 12), (0, 1, 0), 2))
    (tmp_path / "index.html").write_bytes(build_page(wide, runtime))
    page = open_page((tmp_path / "index.html").as_uri())
    choose_photo(page, samples.photo("coffee"), 512)
    status = page.inner_text(part("status"))
    assert "(larger ones need more memory than the browser has)" in status
    assert 16 < int(status.split(" ")[0]) < 512
    check_painting(page, wide)


@pytest.mark.slow
def test_the_divider_shows_the_photo(open_page: OpenPage) -> None:
    page = open_page()
    choose_photo(page, samples.photo("coffee"))
    box = page.locator(part("comparison")).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=3)
    page.mouse.up()
    assert page.input_value(part("divider")) == "50"
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(part("divider"), "aria-valuetext") == "51% of the photo"
    clip = page.evaluate("getComputedStyle(document.querySelector('[data-part=\"before\"]')).clipPath")
    assert clip == "inset(0px 49% 0px 0px)"


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_audit_finds_nothing(open_page: OpenPage, viewport: dict[str, int], tmp_path: Path) -> None:
    """Of the empty page, with a message, with a picture, and with the camera; it does not scroll sideways."""
    (tmp_path / "notes.txt").write_text("not an image")
    page = open_page(viewport=viewport)
    assert audit(page) == []
    page.set_input_files(part("file"), tmp_path / "notes.txt")
    page.wait_for_selector("text=notes.txt is not an image")
    assert audit(page) == []
    choose_photo(page, samples.photo("coffee"))
    page.click("summary")
    assert audit(page) == []
    page.click(part("camera"))
    page.wait_for_selector("text=pictures per second")
    assert audit(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


@pytest.mark.slow
def test_the_keyboard_reaches_everything_and_shows_where_it_is(open_page: OpenPage) -> None:
    page = open_page()
    choose_photo(page, samples.photo("coffee"))
    page.evaluate("document.activeElement.blur()")
    stops = []
    for _ in range(8):
        page.keyboard.press("Tab")
        stop, has_ring = page.evaluate(
            """() => {
                const node = document.activeElement;
                const seen = node.closest(".comparison, .choices label, .button") ?? node;
                const name = node.dataset.part ?? (node.name || node.tagName);
                return [name, getComputedStyle(seen).outlineStyle !== "none"];
            }"""
        )
        assert has_ring, stop
        stops.append(stop)
    assert stops == ["divider", "download", "file", "camera", "style", "strength", "size", "SUMMARY"]
    page.focus('input[name="style"]')
    page.keyboard.press("ArrowRight")
    assert page.is_checked('input[name="style"][value="1"]')


def test_names_are_text(browser: Browser, tmp_path: Path) -> None:
    names = ('</script><b id="bold">', "a & 'b'")
    (tmp_path / "index.html").write_bytes(build_page(TrainedStyle(make_style().network, names), WebRuntime(b"", b"")))
    page = browser.new_page()
    try:
        page.goto((tmp_path / "index.html").as_uri())
        assert page.locator(".choices label").all_inner_texts() == list(names)
        assert page.title() == f"Paint with {names[0]} and {names[1]}"
        assert page.locator("#bold").count() == 0
    finally:
        page.close()


def test_titles() -> None:
    assert join_names(("a",)) == "a"
    assert join_names(("a", "b", "c")) == "a, b and c"
    assert join_names(("a", "b", "c", "d")) == "4 styles"


def test_the_page_is_the_same_at_any_time() -> None:
    runtime = WebRuntime(b"script", b"wasm")
    assert build_page(make_style(), runtime) == build_page(make_style(), runtime)
