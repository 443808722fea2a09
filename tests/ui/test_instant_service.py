"""Instant pictures without a browser: what is shown, what is kept, and what other visitors notice of it."""

from __future__ import annotations

import asyncio
import base64
import gc
import io
import json
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from barestyle import samples
from barestyle.cli import main
from barestyle.errors import BarestyleError, ImageError, RecordError, StyleFileError
from barestyle.hardware import engines
from barestyle.images import Picture, encode, read
from barestyle.run import record as records
from barestyle.ui import instant_painter, instant_previews, previews, trained_styles
from barestyle.ui import instant_service as instant_service_module
from barestyle.ui.errors import PageError
from barestyle.ui.form import INSTANT, RESULT_START, Form
from barestyle.ui.instant_service import InstantService
from barestyle.ui.limits import Limits
from barestyle.ui.page_service import PageService
from barestyle.ui.page_session import PageSession
from barestyle.ui.result_store import StoredResult
from barestyle.ui.trained_styles import TrainedStyleFile, list_shipped
from barestyle.ui.uploads import read_upload
from tests.feed_forward.cases import make_style
from tests.ui.conftest import wait_until
from tests.ui.test_page_service import LONG, start, upload, wait_for

FORM = Form(photo="photo:coffee", look=INSTANT, instant={"style": "trained:mosaic", "strength": 0.6}, size=96)

SHOWN = {"picture", "photo", "photo_side", "width", "height", "title", "caption", "note"}
"""What the page's script reads of an answer."""


def change(form: Form = FORM, **values: Any) -> Form:
    """Return the form with values of its trained style, or of its own, changed."""
    instant = form.instant.model_dump()
    instant |= {name: values.pop(name) for name in list(values) if name in instant}
    return Form(**{**form.model_dump(), "instant": instant, **values})


def preview(service: InstantService, session: PageSession, form: Form = FORM, **options: Any) -> dict[str, Any]:
    return asyncio.run(service.preview(session, form, **{"is_settled": True, **options}))


def keep(service: InstantService, session: PageSession, form: Form = FORM) -> StoredResult:
    result = session.results.get(asyncio.run(service.keep(session, form)))
    assert result is not None
    return result


def decode(url: str) -> NDArray[np.int64]:
    """Return the pixels of a JPEG in a data URL."""
    kind, _, data = url.partition(",")
    assert kind == "data:image/jpeg;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(int)


def to_jpeg(image: Image.Image) -> NDArray[np.int64]:
    """Return the pixels of an image after JPEG, as the page shows it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **instant_previews.SETTLED)
    return np.asarray(Image.open(buffer)).astype(int)


@pytest.fixture
def session(page_service: PageService) -> PageSession:
    return page_service.get_session("me")


@pytest.mark.parametrize("has_onnx", [True, False], ids=["onnx", "torch"])
def test_a_kept_picture_is_that_of_the_command(
    instant_service: InstantService,
    session: PageSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has_onnx: bool,
) -> None:
    """The same file, with the same record, as `barestyle apply` writes; also without ONNX Runtime."""
    if not has_onnx:
        monkeypatch.setattr(engines, "is_installed", lambda _package: False)
    result = keep(instant_service, session)
    photo, output = str(samples.photo("coffee")), tmp_path / "out.png"
    assert main(["apply", "mosaic", photo, "-o", str(output), "--size", "96", "--strength", "0.6", "-q"]) == 0
    assert result.file("picture").read_bytes() == output.read_bytes()
    assert json.loads(result.file("record").read_bytes())["kind"] == "barestyle-painting"
    assert result.info.name == "coffee-mosaic-instant-0.6-96px"
    assert result.info.caption == "Instant, mosaic, strength 0.6, 96 × 64"
    assert (result.info.width, result.info.height, result.info.has_film) == (96, 64, False)
    assert Form(**result.info.form) == FORM
    for kind in ("before", "after", "thumbnail"):
        assert result.file(kind).exists()


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_what_is_shown_is_what_is_kept(instant_service: InstantService, session: PageSession, strength: float) -> None:
    """As a JPEG, to rounding: other strengths blend what was painted once, as the network does."""
    preview(instant_service, session)
    shown = preview(instant_service, session, change(strength=strength))
    assert shown.keys() == SHOWN
    result = keep(instant_service, session, change(strength=strength))
    kept = to_jpeg(Image.open(result.file("picture")))
    assert np.abs(decode(shown["picture"]) - kept).mean() < 2, "Pillow rounds down"
    assert (shown["width"], shown["height"], shown["caption"]) == (96, 64, result.info.caption)
    if strength == 0:
        assert shown["photo"] == shown["picture"]


def test_the_network_paints_once_for_all_strengths(
    instant_service: InstantService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview(instant_service, session)
    monkeypatch.setattr(instant_painter.InstantPainter, "compute_output", lambda *_: pytest.fail("it painted again"))
    pictures = {preview(instant_service, session, change(strength=strength))["picture"] for strength in (0, 0.5, 1)}
    assert len(pictures) == 3


def test_a_smaller_copy_is_painted_while_the_form_changes(
    instant_service: InstantService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the full size takes longer than DRAFT_SECONDS; the copy takes about that long."""
    monkeypatch.setattr(instant_painter, "DRAFT_SECONDS", 1e-6)
    form = change(size=640)
    preview(instant_service, session)  # from it the time is known
    draft = preview(instant_service, session, form, is_settled=False)
    assert draft["note"] == instant_service_module.DRAFT_NOTE
    assert (draft["width"], draft["height"]) == (640, 427), "the stage does not change its size"
    assert max(decode(draft["picture"]).shape) < 64
    settled = preview(instant_service, session, form)
    assert settled["note"] == ""
    assert decode(settled["picture"]).shape == (427, 640, 3)
    again = preview(instant_service, session, change(form, strength=0.1), is_settled=False)
    assert again["note"] == "", "other strengths of a picture need no copy"
    monkeypatch.setattr(instant_painter, "DRAFT_SECONDS", 1000.0)
    assert preview(instant_service, session, change(size=512), is_settled=False)["note"] == ""


def test_the_first_copy_of_a_style_is_small(instant_service: InstantService, session: PageSession) -> None:
    """It is not known yet how long the full size takes."""
    draft = preview(instant_service, session, change(size=1024, style="trained:hatching"), is_settled=False)
    height, width, _ = decode(draft["picture"]).shape
    assert draft["note"] == instant_service_module.DRAFT_NOTE
    assert 0.9 * instant_painter.FIRST_DRAFT_PIXELS < height * width < 1.1 * instant_painter.FIRST_DRAFT_PIXELS


def test_a_note_says_when_fewer_pixels_are_shown(
    instant_service: InstantService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above previews.RESULT_SIDE no more pixels are painted than are shown, with a note that has their number."""
    assert f"at {previews.RESULT_SIDE} pixels" in instant_service_module.REDUCED_NOTE
    monkeypatch.setattr(previews, "RESULT_SIDE", 120)
    painted: list[tuple[int, int]] = []
    original = instant_painter.InstantPainter.compute_output

    def paint(self: Any, style: Any, painter: Any, picture: Any) -> Any:
        painted.append((picture.width, picture.height))
        return original(self, style, painter, picture)

    monkeypatch.setattr(instant_painter.InstantPainter, "compute_output", paint)
    assert preview(instant_service, session, change(size=120))["note"] == ""
    shown = preview(instant_service, session, change(size=121))
    assert shown["note"] == instant_service_module.REDUCED_NOTE
    assert (shown["width"], shown["height"]) == (121, 81)
    assert decode(shown["picture"]).shape == decode(shown["photo"]).shape == (80, 120, 3)
    assert set(painted) == {(120, 80)}


def test_the_photo_is_sent_once(instant_service: InstantService, session: PageSession) -> None:
    first = preview(instant_service, session)
    assert decode(first["photo"]).shape == (64, 96, 3)
    known = {"known_photo": "photo:coffee", "known_side": first["photo_side"]}
    assert preview(instant_service, session, change(strength=1), **known)["photo"] == ""
    assert preview(instant_service, session, change(size=128), **known)["photo"] != "", "in more pixels"
    assert preview(instant_service, session, change(photo="photo:chelsea"), **known)["photo"] != ""


def test_an_equal_picture_is_kept_once(instant_service: InstantService, session: PageSession) -> None:
    first = keep(instant_service, session)
    assert keep(instant_service, session, change(seed="4")) == first, "the seed means nothing"
    assert keep(instant_service, session, change(strength=0.7)) != first
    assert len(session.results.all) == 2


def test_equal_pictures_are_told_by_their_styles(
    instant_service: InstantService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the style's name even if the form leaves it out, and by its file, which a later version may replace."""
    first = keep(instant_service, session)
    assert keep(instant_service, session, change(name="mosaic")) == first
    other = list_shipped()["trained:hatching"]
    updated = TrainedStyleFile(other.info.model_copy(update={"id": "trained:mosaic"}), other.file)
    monkeypatch.setattr(trained_styles, "list_shipped", lambda: {"trained:mosaic": updated})
    second = keep(instant_service, session)
    assert second.file("after").read_bytes() != first.file("after").read_bytes()
    assert keep(instant_service, session) == second


def test_a_kept_picture_is_enlarged_and_starts_a_search(
    instant_service: InstantService, page_service: PageService, session: PageSession
) -> None:
    small = keep(instant_service, session)
    sizes = asyncio.run(instant_service.estimate_sizes(session, small.info.id, [2048]))
    assert sizes is not None
    assert sizes["2048"].startswith("about ")
    large = session.results.get(asyncio.run(instant_service.enlarge(session, small.info.id, 192)) or "")
    assert large is not None
    assert (large.info.width, large.info.height) == (192, 128)
    assert Form(**large.info.form) == change(size=192)
    wait_for(start(page_service, session, start=f"{RESULT_START}{large.info.id}"))
    searched = session.results.all[-1]
    record = records.find(searched.file("picture"))
    assert record.start is not None
    assert record.start.path == large.file("picture").name
    assert asyncio.run(instant_service.enlarge(session, searched.info.id, 96)) is None, "its enlargement is queued"
    assert asyncio.run(instant_service.estimate_sizes(session, searched.info.id, [96])) is None


def test_instant_pictures_do_not_wait_for_a_search(
    instant_service: InstantService, page_service: PageService, session: PageSession
) -> None:
    job = start(page_service, session, **LONG)
    assert job is not None
    wait_until(lambda: job.status.snapshot is not None)
    assert preview(instant_service, session)["picture"]
    assert keep(instant_service, session) in session.results.all
    assert job.status.phase == "painting"
    job.drop()


def test_a_slow_picture_does_not_hold_up_others(
    instant_service: InstantService, page_service: PageService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has another thread than quick ones."""
    may_end = threading.Event()
    keep(instant_service, session)
    monkeypatch.setattr(instant_painter.InstantPainter, "estimate", _estimate_by_size)
    original = instant_painter.InstantPainter.compute_output

    def paint(self: Any, style: Any, painter: Any, picture: Any) -> Any:
        if picture.width > 500:
            assert may_end.wait(30)
        return original(self, style, painter, picture)

    monkeypatch.setattr(instant_painter.InstantPainter, "compute_output", paint)

    async def keep_and_look() -> None:
        slow = asyncio.create_task(instant_service.keep(session, change(size=512)))
        await asyncio.sleep(0.1)
        other = page_service.get_session("other")
        await asyncio.wait_for(instant_service.preview(other, change(size=100), is_settled=True), 20)
        assert not slow.done()
        with pytest.raises(PageError, match="is being painted already"):
            await instant_service.keep(session, change(size=512))
        may_end.set()
        await asyncio.wait_for(slow, 30)

    asyncio.run(keep_and_look())
    assert len(session.results.all) == 2


def _estimate_by_size(_self: object, _style: object, pixels: int) -> float:
    return 5.0 if pixels > 100_000 else 0.01


def test_a_large_picture_in_a_style_that_has_not_painted_yet_does_not_hold_up_previews(
    instant_service: InstantService, page_service: PageService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()

    def paint(_self: object, _style: object, _painter: object, picture: Any) -> Any:
        assert picture.width < 1000 or may_end.wait(30)
        return picture

    monkeypatch.setattr(instant_painter.InstantPainter, "compute_output", paint)

    async def keep_and_look() -> None:
        slow = asyncio.create_task(instant_service.keep(session, change(size=1200)))
        await asyncio.sleep(0.5)
        other = page_service.get_session("other")
        try:
            await asyncio.wait_for(instant_service.preview(other, change(size=100), is_settled=True), 10)
            assert not slow.done()
        finally:
            may_end.set()
            await slow

    asyncio.run(keep_and_look())


def test_too_many_pictures_at_once_are_refused(
    instant_service: InstantService, page_service: PageService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few of each session may wait, behind the one that is painted; all together may be `max_waiting`."""
    may_end = threading.Event()
    painter = instant_service._painter
    other = page_service.get_session("other")
    most = instant_painter.MAX_OWN_WAITING

    async def fill() -> None:
        blocker = asyncio.create_task(painter.run(lambda: may_end.wait(30), 0.0, session))
        forms = [change(strength=number / 10) for number in range(most)]
        tasks = [blocker, *(asyncio.create_task(instant_service.keep(session, form)) for form in forms)]
        try:
            while len(painter._running) < len(tasks):
                await asyncio.sleep(0.05)
            form = change(strength=0.9)
            for operation in (
                instant_service.keep(session, form),
                instant_service.preview(session, form, is_settled=True),
            ):
                with pytest.raises(PageError, match=f"^{most} of your instant pictures wait already; try again in a"):
                    await operation
            tasks.append(asyncio.create_task(instant_service.keep(other, FORM)))
            while len(painter._running) < len(tasks):
                await asyncio.sleep(0.05)
            monkeypatch.setattr(painter, "_max_waiting", most + 1)
            with pytest.raises(PageError, match=f"^{most + 1} instant pictures wait already; try again in a moment"):
                await instant_service.preview(other, form, is_settled=True)
        finally:
            may_end.set()
        await asyncio.gather(*tasks)

    asyncio.run(asyncio.wait_for(fill(), 60))
    assert len(list((session.folder / "results").iterdir())) == most, "nothing is half-written"
    assert len(other.results.all) == 1


def test_pictures_that_wait_take_no_memory(
    instant_service: InstantService, page_service: PageService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their photos are read again when it is their turn; for previews, a few are kept."""
    may_end = threading.Event()
    blocked = instant_service._painter._lanes["quick"].submit(may_end.wait, 30)
    photos: list[weakref.ref[Picture]] = []

    def read_and_note(file: Path, limits: Limits) -> Picture:
        photo = read_upload(file, limits)
        photos.append(weakref.ref(photo))
        return photo

    monkeypatch.setattr(instant_service_module, "read_upload", read_and_note)
    photo = upload(page_service, samples.photo("coffee"))

    async def ask_and_count() -> None:
        tasks = [
            asyncio.create_task(coroutine)
            for coroutine in (
                instant_service.keep(session, FORM),
                instant_service.apply("client", photo, None, "mosaic", 64, 1.0),
                instant_service.preview(session, FORM, is_settled=True),
            )
        ]
        try:
            while len(instant_service._painter._running) < len(tasks):
                await asyncio.sleep(0.05)
            instant_service._read_photo.cache_clear()
            gc.collect()
            assert [photo() for photo in photos] == [None] * len(photos)
        finally:
            may_end.set()
        await asyncio.gather(*tasks)

    asyncio.run(asyncio.wait_for(ask_and_count(), 30))
    assert blocked.result()
    assert photos, "they were read"


def test_a_server_that_shuts_down_says_so(
    instant_service: InstantService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To pictures that wait, and to later ones; the one that is painted ends."""
    may_end = threading.Event()
    original = instant_painter.InstantPainter.compute_output

    def paint(self: Any, style: Any, painter: Any, picture: Any) -> Any:
        assert may_end.wait(30)
        return original(self, style, painter, picture)

    monkeypatch.setattr(instant_painter.InstantPainter, "compute_output", paint)

    async def shut_down_while_two_paint() -> None:
        running, waiting = (asyncio.create_task(instant_service.keep(session, change(size=size))) for size in (64, 96))
        while len(instant_service._painter._running) < 2:
            await asyncio.sleep(0.05)
        try:
            instant_service._painter.shut_down()
            with pytest.raises(PageError, match="the server is shutting down"):
                await waiting
            with pytest.raises(PageError, match="the server is shutting down"):
                await instant_service.preview(session, FORM, is_settled=True)
        finally:
            may_end.set()
        await running

    asyncio.run(asyncio.wait_for(shut_down_while_two_paint(), 30))
    assert len(session.results.all) == 1


def test_no_photo_is_read_for_a_late_preview(
    instant_service: InstantService, page_service: PageService, session: PageSession
) -> None:
    page_service.service.job_queue.shut_down()
    page_service.service._reader.shutdown()
    with pytest.raises(PageError, match="the server is shutting down"):
        preview(instant_service, session)


def test_a_picture_whose_client_disconnects_is_canceled(instant_service: InstantService, session: PageSession) -> None:
    may_end = threading.Event()
    blocked = instant_service._painter._lanes["quick"].submit(may_end.wait, 30)

    async def cancel() -> None:
        task = asyncio.create_task(instant_service.keep(session, FORM))
        while not instant_service._painter._running:
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    try:
        asyncio.run(asyncio.wait_for(cancel(), 30))
    finally:
        may_end.set()
    assert blocked.result()
    assert not instant_service._painter._running
    assert not list((session.folder / "results").iterdir())


def test_a_page_that_was_closed_meanwhile_gets_no_files(
    instant_service: InstantService, page_service: PageService, session: PageSession
) -> None:
    page_service.service.sessions._pages.clear()
    with pytest.raises(PageError, match="the page was closed meanwhile"):
        keep(instant_service, session)
    assert not list((session.folder / "results").iterdir())


def _drop_style(form: Form) -> Form:
    return change(form, style="0" * 24)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (change(photo=""), "choose a photo first; there are samples below its box"),
        (change(photo="gone"), "a picture that was chosen is not on the server any more; choose it again"),
        (change(style=""), "choose a trained style first"),
        (_drop_style(FORM), "the trained style is not on the server any more; upload its file again"),
        (change(name="waves"), "'mosaic.style' has no style 'waves'; it has mosaic"),
        (change(size=9000), "size must be at most 8192 pixels on this page, not 9000"),
        (change(size=9), "the result would have 9 × 6 pixels, and a trained style needs at least 16 per side"),
    ],
)
def test_what_cannot_be_painted_is_refused_in_a_sentence(
    instant_service: InstantService, session: PageSession, form: Form, message: str
) -> None:
    for paint in (preview, keep):
        with pytest.raises(BarestyleError) as refusal:
            paint(instant_service, session, form)
        assert str(refusal.value).startswith(message)
    assert session.results.all == []


def test_a_narrow_panorama_is_shown_and_kept(
    instant_service: InstantService, page_service: PageService, session: PageSession, tmp_path: Path
) -> None:
    """Reduced for the screen, it would be too low for the network."""
    Image.linear_gradient("L").convert("RGB").resize((4096, 24)).save(tmp_path / "panorama.png")
    photo = asyncio.run(page_service.add_picture(session, upload(page_service, tmp_path / "panorama.png")))
    form = change(photo=photo.id, size=4096)
    for is_settled in (False, True):
        shown = preview(instant_service, session, form, is_settled=is_settled)
        assert (shown["width"], shown["height"]) == (4096, 24)
    kept = keep(instant_service, session, form)
    assert (kept.info.width, kept.info.height) == (4096, 24)


def test_messages_name_no_folder(instant_service: InstantService, session: PageSession, tmp_path: Path) -> None:
    """Neither that of a photo nor that of a trained style that was damaged after it was uploaded."""
    painter = instant_service._painter
    make_style().save(tmp_path / "sea.style")
    style = session.trained_styles.add(tmp_path / "sea.style")
    Image.new("RGB", (48, 12)).save(tmp_path / "low.png")
    ready = painter.create_painter(style, style.info.names[0], 1.0)
    with pytest.raises(ImageError, match=r"^'low.png' has 48 x 12 pixels, but a trained style needs at least 16"):
        painter.paint(style, ready, read(tmp_path / "low.png"))
    painter._load.cache_clear()
    style.file.write_bytes(b"damaged")
    with pytest.raises(StyleFileError, match=r"^'sea.style' is not a trained style, or is damaged"):
        painter.create_painter(style, style.info.names[0], 1.0)


def test_the_queue_takes_no_instant_picture(page_service: PageService, session: PageSession) -> None:
    form = change(styles=[{"picture": "style:mosaic"}])
    with pytest.raises(PageError, match="a trained style paints at once, and is not queued"):
        asyncio.run(page_service.paint(session, form))


def test_an_uploaded_style_paints_and_has_samples(
    instant_service: InstantService, page_service: PageService, session: PageSession, tmp_path: Path
) -> None:
    make_style(names=("sea", "sky")).save(tmp_path / "both.style")
    sea, sky = asyncio.run(instant_service.add_style(session, upload(page_service, tmp_path / "both.style")))
    style = session.trained_styles.find(sea["style"])
    assert style is not None
    with Image.open(style.sample(0)) as first, Image.open(style.sample(1)) as second:
        assert first.size == second.size == (256, 171)
        assert first.tobytes() != second.tobytes()
    pictures = [
        preview(instant_service, session, change(**{name: entry[name] for name in ("style", "name")}))
        for entry in (sea, sky)
    ]
    assert pictures[0]["picture"] != pictures[1]["picture"]
    assert pictures[1]["caption"].startswith("Instant, sky, ")
    kept = keep(instant_service, session, change(style=sky["style"], name="sky"))
    assert json.loads(kept.file("record").read_bytes())["style_weights"] == {"sea": 0.0, "sky": 0.6}
    assert asyncio.run(page_service.open_page(session))["trained_styles"][:2] == [sea, sky]
    assert PageSession(session.folder).trained_styles.all == [style]


def test_settings_of_a_kept_picture_load_back(
    instant_service: InstantService, page_service: PageService, session: PageSession, tmp_path: Path
) -> None:
    """From the PNG and from its JSON file, with the photo and the style that are here."""
    kept = keep(instant_service, session)
    for kind in ("picture", "record"):
        copy = upload(page_service, kept.file(kind))
        assert asyncio.run(page_service.load_record(session, copy, Form())) == (
            FORM.model_copy(update={"instant": FORM.instant.model_copy(update={"name": "mosaic"})}),
            "",
        )
    record = json.loads(kept.file("record").read_bytes())

    def load(**changes: Any) -> tuple[Form, str]:
        file = tmp_path / f"{'-'.join(changes)}.png.json"
        file.write_text(json.dumps({**record, **changes}))
        return asyncio.run(page_service.load_record(session, upload(page_service, file), Form(photo="photo:chelsea")))

    form, note = load(photo_sha256="0" * 64)
    assert (form.photo, note) == ("photo:chelsea", "It was made from a photo that is not here; choose it to repeat it.")
    assert load(size=None)[0].size == 600, "the photo's own"
    for changes, message in (
        (
            {"style_sha256": "0" * 64},
            "the trained style of this picture is not on the page; load its .style file first",
        ),
        (
            {"style_weights": {"sea": 0.5, "sky": 0.5}},
            "this picture mixes the styles sea, sky, which the page does not offer",
        ),
        ({"format": 2}, "have the format 2, and this version of barestyle reads 1"),
        ({"photo_weight": "much"}, "are damaged; choose another picture"),
    ):
        with pytest.raises(PageError, match=message):
            load(**changes)


@pytest.mark.parametrize("name", ["deep.json", "deep.png"])
def test_settings_that_are_nested_too_deeply_are_refused(
    page_service: PageService, session: PageSession, tmp_path: Path, name: str
) -> None:
    text = "[" * 100_000
    if name.endswith(".png"):
        (tmp_path / name).write_bytes(encode(torch.zeros(1, 3, 8, 8), None, ".png", record=text))
    else:
        (tmp_path / name).write_text(text)
    with pytest.raises(RecordError, match=f"'{name}'"):
        asyncio.run(page_service.load_record(session, upload(page_service, tmp_path / name), Form()))


def apply(service: InstantService, photo: Path, client: str = "client", **values: Any) -> Path:
    """Paint for an API client."""
    options: dict[str, Any] = {"style_file": None, "style_name": "mosaic", "size": 64, "strength": 1.0, **values}
    return asyncio.run(service.apply(client, upload(service._pages, photo), **options))


def test_a_picture_that_fails_leaves_no_files(
    instant_service: InstantService, page_service: PageService, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    for photo, size in ((letter, 64), (samples.photo("coffee"), 9)):
        with pytest.raises(BarestyleError):
            apply(instant_service, photo, size=size)
    assert not list(page_service.service.sessions.get_client("client").folder.iterdir())


def test_the_time_of_a_picture_follows_from_the_last_one(
    instant_service: InstantService, session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def estimate(form: Form) -> str:
        return asyncio.run(instant_service.estimate(session, form))

    assert estimate(change(size=8192)) == "at once", "nothing is known yet"
    preview(instant_service, session)
    assert estimate(FORM) == "at once"
    assert estimate(change(size=8192)).endswith((" s", " min"))
    assert estimate(change(photo="")) == estimate(_drop_style(FORM)) == "at once"


def test_few_networks_and_painters_are_kept(instant_service: InstantService, session: PageSession) -> None:
    for style in list_shipped():
        for size in (64, 96):
            preview(instant_service, session, change(style=style, size=size))
    painter = instant_service._painter
    assert painter._load.cache_info().misses == len(list_shipped())
    assert painter._find_painter.cache_info().currsize <= instant_painter.CACHED_PAINTERS
    before = painter._find_painter.cache_info().currsize
    preview(instant_service, session, change(size=800))
    assert painter._find_painter.cache_info().currsize == before, "that of a large picture is not kept"


def test_only_saved_instant_looks_have_the_trained_style(page_service: PageService, session: PageSession) -> None:
    """And nothing else, so that either kind leaves the values of the other."""
    page_service.save_look(session, "tiles", change(start=f"{RESULT_START}12"))
    page_service.save_look(session, "soft", change(look="bare", start=f"{RESULT_START}12"))
    tiles, soft = (look.values for look in session.looks)
    assert tiles == {"look": INSTANT, "spec": None, "instant": FORM.instant.model_dump(mode="json")}
    assert "instant" not in soft
    assert (soft["look"], soft["start"]) == ("bare", "content")
