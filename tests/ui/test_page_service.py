"""The page's operations without a browser: pictures, jobs, results, and what a refresh finds again."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barestyle import samples
from barestyle.errors import ImageError
from barestyle.run import record as records
from barestyle.ui import page_session as sessions_module
from barestyle.ui import picture_store, result_store
from barestyle.ui.errors import PageError
from barestyle.ui.form import LOADED, RESULT_START, Form
from barestyle.ui.jobs import Job
from barestyle.ui.library import Library
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS
from barestyle.ui.page_service import PageService
from barestyle.ui.page_session import PageSession
from barestyle.ui.page_state import describe_session, select_changes
from barestyle.ui.regions import STYLE_COLORS
from barestyle.ui.result_store import StoredResult
from barestyle.ui.uploads import link_file
from tests.ui.conftest import ENDLESS, TINY, wait_until
from tests.ui.test_regions import paint as paint_layer

LIMITS = Limits()
QUICK: dict[str, Any] = {
    "photo": "photo:coffee",
    "styles": [{"picture": "style:mosaic"}],
    "look": LOADED,
    "spec": TINY.model_dump(mode="json"),
    "size": 64,
}
LONG = {**QUICK, "spec": ENDLESS.model_dump(mode="json"), "size": 48}


def upload(page_service: PageService, file: Path) -> Path:
    """Store a file as gradio does with an upload."""
    return link_file(file, page_service.service.sessions.root / file.name.replace(".", "-"))


def start(page_service: PageService, session: PageSession, **values: Any) -> Job | None:
    return asyncio.run(page_service.paint(session, Form(**{**QUICK, **values})))


def wait_for(job: Job | None) -> Job:
    assert job is not None
    wait_until(lambda: job.status.is_over)
    return job


def paint_two(page_service: PageService, session: PageSession) -> list[StoredResult]:
    for seed in ("0", "1"):
        wait_for(start(page_service, session, seed=seed))
    return session.results.all


def test_a_finished_picture_is_a_result_with_its_settings(page_service: PageService) -> None:
    session = page_service.get_session("me")
    job = wait_for(start(page_service, session, seed="3"))
    (result,) = session.results.all
    assert result.info.title == "Loaded settings"
    assert (result.info.width, result.info.height) == (64, 43)
    assert Form(**result.info.form) == Form(**{**QUICK, "seed": "3"})
    record = records.find(result.file("picture"))
    assert (record.seed, record.content.path) == (3, "coffee.png")
    for kind in ("record", "before", "after", "thumbnail"):
        assert result.file(kind).exists()
    assert not result.file("film").exists()
    state = describe_session(session, page_service.service.job_queue)
    assert state["job"]["phase"] == "done"
    assert state["job"]["job"] == state["results"][0]["job"]
    assert "seed 3" in state["results"][0]["caption"]
    assert job.status.images[0].picture == result.file("picture")


def test_an_equal_job_is_not_queued_twice(page_service: PageService) -> None:
    """A second click on Paint changes nothing; other settings join the queue."""
    session = page_service.get_session("me")
    first = start(page_service, session, **LONG)
    assert first is not None
    assert start(page_service, session, **LONG) is None
    second = start(page_service, session, **{**LONG, "seed": "1"})
    third = start(page_service, session, **{**LONG, "seed": "2"})
    assert session.unfinished_jobs == [first, second, third]
    assert second is not None
    assert third is not None
    page_service.change_queue(session, third.number, "up")
    entries = describe_session(session, page_service.service.job_queue)["queue"]
    assert [entry["number"] for entry in entries][1:] == [third.number, second.number]
    page_service.change_queue(session, second.number, "stop")
    assert second.status.is_over
    page_service.change_queue(session, first.number, "stop")
    wait_for(first)
    page_service.change_queue(session, first.number, "stop")
    assert not third.status.is_over, "a second click stops no other job"
    page_service.change_queue(session, third.number, "stop")
    wait_for(third)
    assert page_service.service.sessions.get_page("me") is session
    again = start(page_service, session, **LONG)
    assert again is not None, "it is over, and may be painted again"


def test_variations_are_one_job(page_service: PageService) -> None:
    session = page_service.get_session("me")
    job = wait_for(start(page_service, session, vary="seeds", count=3))
    results = session.results.all
    assert [Form(**result.info.form).seed for result in results] == ["0", "1", "2"]
    assert len({result.info.job for result in results}) == 1
    assert len({result.file("picture").name for result in results}) == 3
    assert describe_session(session, page_service.service.job_queue)["job"]["count"] == 3
    assert job.status.phase == "done"


def test_a_result_is_painted_again_larger_with_its_own_regions(page_service: PageService) -> None:
    session = page_service.get_session("me")
    layer = paint_layer(nw=STYLE_COLORS[1])
    styles = [{"picture": "style:mosaic"}, {"picture": "style:impasto"}]
    regions = session.save_regions(np.repeat(np.repeat(layer, 14, 0)[:400], 15, 1))
    wait_for(start(page_service, session, styles=styles, regions=regions))
    (small,) = session.results.all
    session.save_form(Form(**QUICK))
    wait_for(asyncio.run(page_service.enlarge(session, small.info.id, 96)))
    large = session.results.all[-1]
    before, after = (records.find(result.file("picture")) for result in (small, large))
    assert (large.info.width, large.info.height) == (96, 64)
    assert after.styles[1].mask is not None
    assert [style.sha256 for style in after.styles] == [style.sha256 for style in before.styles]
    assert after.spec.model_copy(update={"size": 64}) == before.spec
    with pytest.raises(PageError, match="this picture was deleted"):
        asyncio.run(page_service.enlarge(session, "unknown", 96))


def test_a_deleted_result_can_be_restored_until_it_leaves_no_file(page_service: PageService) -> None:
    session = page_service.get_session("me")
    first, second = paint_two(page_service, session)
    page_service.delete(session, first.info.id)
    page_service.delete(session, first.info.id)
    assert session.results.all == [second]
    assert page_service.undelete(session) == first.info.id
    assert session.results.all == [first, second], "at its place"
    with pytest.raises(PageError, match="not there any more"):
        page_service.undelete(session)
    page_service.delete(session, first.info.id)
    page_service.delete(session, second.info.id)
    assert (first.folder.exists(), second.folder.exists()) == (False, True)
    assert page_service.undelete(session) == second.info.id
    page_service.delete(session, second.info.id)
    session.results.purge()
    assert second.folder.exists()
    session.results.purge(seconds=0)
    assert not second.folder.exists()
    assert not list(first.folder.parent.iterdir())


def test_a_deleted_result_does_not_come_back_with_the_next_server(page_service: PageService) -> None:
    session = page_service.get_session("me")
    first, second = paint_two(page_service, session)
    page_service.delete(session, first.info.id)
    assert [result.info.id for result in result_store.ResultStore(first.folder.parent).all] == [second.info.id]
    assert not first.folder.exists()


def test_a_picture_starts_from_a_result(page_service: PageService) -> None:
    """And so do its enlargement, and settings that are loaded from it; not after the result was deleted."""
    session = page_service.get_session("me")
    wait_for(start(page_service, session))
    (first,) = session.results.all
    started = f"{RESULT_START}{first.info.id}"
    wait_for(start(page_service, session, start=started))
    second = session.results.all[-1]
    record = records.find(second.file("picture"))
    assert record.start is not None
    assert record.start.path == first.file("picture").name != second.file("picture").name
    assert record.start.sha256 == hashlib.sha256(first.file("picture").read_bytes()).hexdigest()
    wait_for(asyncio.run(page_service.enlarge(session, second.info.id, 96)))
    larger = records.find(session.results.all[-1].file("picture"))
    assert (larger.start, larger.width) == (record.start, 96)
    copy = upload(page_service, second.file("picture"))
    form, note = asyncio.run(page_service.load_record(session, copy, Form()))
    assert (form.start, note) == (started, "")
    page_service.delete(session, first.info.id)
    with pytest.raises(PageError, match="the picture to start from was deleted"):
        start(page_service, session, start=started)
    with pytest.raises(PageError, match="is not among your results"):
        asyncio.run(page_service.load_record(session, copy, Form()))


def test_saved_looks_have_what_decides_how_a_picture_is_painted(page_service: PageService) -> None:
    session = page_service.get_session("me")
    form = Form(photo="photo:coffee", look="bare-fast", strength=0.3, colors="luminance", stroke=2, seed="5", size=300)
    page_service.save_look(session, "  soft   gray ", form.model_copy(update={"start": f"{RESULT_START}12"}))
    (look,) = asyncio.run(page_service.open_page(session))["saved_looks"]
    assert look["name"] == "soft gray"
    kept = Form(**look["values"])
    assert kept == form.model_copy(update={"photo": "", "size": Form().size})
    assert PageSession(session.folder).looks == session.looks
    assert not session.has_expired
    page_service.save_look(session, "soft gray", Form())
    assert [Form(**look.values) for look in session.looks] == [Form()], "the name has another look now"
    for name, message in ((" ", "1 to 40 characters, not 0"), ("x" * 41, "1 to 40 characters, not 41")):
        with pytest.raises(PageError, match=message):
            page_service.save_look(session, name, form)
    for number in range(19):
        page_service.save_look(session, f"look {number}", form)
    with pytest.raises(PageError, match="20 saved looks already; remove one first"):
        page_service.save_look(session, "one more", form)
    page_service.delete_look(session, "look 3")
    page_service.delete_look(session, "look 3")
    assert len(session.looks) == 19


def test_the_oldest_results_and_unused_pictures_are_removed(
    page_service: PageService, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_store, "MAX_RESULTS", 2)
    monkeypatch.setattr(picture_store, "MAX_PICTURES", 1)
    session = page_service.get_session("me")
    used = asyncio.run(page_service.add_picture(session, upload(page_service, pictures / "content.png")))
    wait_for(start(page_service, session, photo=used.id, vary="seeds", count=3))
    assert [Form(**result.info.form).seed for result in session.results.all] == ["1", "2"]
    assert len(list((session.folder / "results").iterdir())) == 2
    unused = asyncio.run(page_service.add_picture(session, upload(page_service, pictures / "style.jpg")))
    session.save_form(Form(**QUICK))
    assert session.pictures.get(unused.id) is None
    assert session.pictures.get(used.id) is not None, "a result can be painted again"


def test_results_have_a_limit_of_bytes(page_service: PageService, monkeypatch: pytest.MonkeyPatch) -> None:
    session = page_service.get_session("me")
    wait_for(start(page_service, session))
    monkeypatch.setattr(result_store, "MAX_BYTES", int(1.5 * session.results.all[0].bytes))
    wait_for(start(page_service, session, vary="seeds", seed="1", count=2))
    assert [Form(**result.info.form).seed for result in session.results.all] == ["2"]


def test_changes_are_sent_once(page_service: PageService) -> None:
    session = page_service.get_session("me")
    parts = describe_session(session, page_service.service.job_queue)
    first = select_changes(parts, {})
    assert list(first) == ["results", "frame", "queue", "failures", "job"]
    seen = {name: part["digest"] for name, part in first.items()}
    assert select_changes(parts, seen) == {}
    job = wait_for(start(page_service, session))
    changed = asyncio.run(page_service.follow(session, seen))
    assert changed["results"]["value"][0]["job"] == changed["job"]["value"]["job"]
    assert job.status.is_over


def test_follow_returns_at_a_change_and_otherwise_after_a_while(
    page_service: PageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from barestyle.ui import page_service as module

    session = page_service.get_session("me")
    seen = {name: part["digest"] for name, part in asyncio.run(page_service.follow(session, {})).items()}

    async def follow_while_painting() -> dict[str, Any]:
        monkeypatch.setattr(module, "KEEPALIVE_SECONDS", 3600.0)
        following = asyncio.create_task(page_service.follow(session, seen))
        await asyncio.sleep(0.05)
        assert not following.done()
        await page_service.paint(session, Form(**LONG))
        return await asyncio.wait_for(following, 30)

    assert asyncio.run(follow_while_painting())["job"]["value"]["busy"]
    page_service.change_queue(session, session.unfinished_jobs[0].number, "stop")
    monkeypatch.setattr(module, "KEEPALIVE_SECONDS", 0.0)
    wait_until(lambda: not session.unfinished_jobs)
    latest = {name: part["digest"] for name, part in asyncio.run(page_service.follow(session, {})).items()}
    assert asyncio.run(page_service.follow(session, latest)) == {}


def test_a_page_is_open_as_long_as_it_follows(page_service: PageService, monkeypatch: pytest.MonkeyPatch) -> None:
    from barestyle.ui import page_service as module

    session = page_service.get_session("me")
    seen = {name: part["digest"] for name, part in asyncio.run(page_service.follow(session, {})).items()}
    monkeypatch.setattr(module, "KEEPALIVE_SECONDS", 0.05)
    session.last_seen -= sessions_module.ABSENT_SECONDS + 1
    assert session.is_absent
    assert asyncio.run(page_service.follow(session, seen)) == {}
    assert not session.is_absent


def test_jobs_of_a_closed_page_make_way_for_others_only(
    page_service: PageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = page_service.get_session("me")
    job = start(page_service, mine, **LONG)
    assert job is not None
    wait_until(lambda: job.status.snapshot is not None)
    mine.last_seen -= sessions_module.ABSENT_SECONDS + 1
    page_service.service.make_way()
    assert not job.status.is_over
    other = start(page_service, page_service.get_session("other"), **{**LONG, "seed": "1"})
    assert other is not None
    page_service.service.make_way()
    wait_for(job)
    assert len(mine.results.all) == 1, "the best picture so far is kept"
    wait_until(lambda: other.status.phase == "painting")


def test_a_bad_file_is_refused_and_a_small_one_has_a_note(
    page_service: PageService, pictures: Path, tmp_path: Path
) -> None:
    session = page_service.get_session("me")
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    with pytest.raises(ImageError, match=r"^'letter.png'"):
        asyncio.run(page_service.add_picture(session, upload(page_service, letter)))
    assert session.pictures.all == []
    info = asyncio.run(page_service.add_picture(session, upload(page_service, pictures / "content.png")))
    assert info.note == "Only 64 × 48 pixels: the result will be blurred."
    assert asyncio.run(page_service.choose(session, "photo:coffee")).note == ""
    with pytest.raises(PageError, match="choose it again"):
        asyncio.run(page_service.choose(session, "unknown"))


def test_loaded_settings_choose_the_pictures_that_are_here(
    page_service: PageService, pictures: Path, quick_result: Path
) -> None:
    session = page_service.get_session("me")
    form, note = asyncio.run(page_service.load_record(session, upload(page_service, quick_result), session.form))
    assert note == "It was made from content.png and style.jpg; choose them to repeat it."
    photo = asyncio.run(page_service.add_picture(session, upload(page_service, pictures / "content.png")))
    style = asyncio.run(page_service.add_picture(session, upload(page_service, pictures / "style.jpg")))
    form, note = asyncio.run(page_service.load_record(session, upload(page_service, quick_result), session.form))
    assert note == ""
    assert (form.photo, form.styles[0].picture) == (photo.id, style.id)
    wait_for(asyncio.run(page_service.paint(session, form)))
    (result,) = session.results.all
    record, expected = records.find(result.file("picture")), records.find(quick_result)
    assert (record.spec, record.seed) == (expected.spec, expected.seed)
    assert record.content.sha256 == expected.content.sha256
    assert record.styles[0].sha256 == expected.styles[0].sha256


def test_painted_regions_stay_with_their_photo_when_settings_are_loaded(
    page_service: PageService, pictures: Path, quick_result: Path
) -> None:
    session = page_service.get_session("me")
    before = Form(photo="photo:coffee", regions="painted")
    form, _ = asyncio.run(page_service.load_record(session, upload(page_service, quick_result), before))
    assert (form.photo, form.regions) == ("photo:coffee", "painted")
    photo = asyncio.run(page_service.add_picture(session, upload(page_service, pictures / "content.png")))
    form, _ = asyncio.run(page_service.load_record(session, upload(page_service, quick_result), before))
    assert (form.photo, form.regions) == (photo.id, "")


def test_a_folder_of_styles_is_offered_before_the_shipped_ones(page_service: PageService, pictures: Path) -> None:
    page_service.library = Library(LIMITS, pictures)
    session = page_service.get_session("me")
    styles = asyncio.run(page_service.open_page(session))["styles"]
    assert {"id": "own:style.jpg", "title": "style"} in styles
    assert [style["id"] for style in styles if style["id"].startswith("style:")] == [
        f"style:{name}" for name in samples.STYLES
    ]
    wait_for(start(page_service, session, styles=[{"picture": "own:style.jpg"}]))
    assert records.find(session.results.all[0].file("picture")).styles[0].path == "style.jpg"
    with pytest.raises(PageError, match="there is no folder"):
        Library(LIMITS, pictures / "missing")


def test_estimates_of_forms_looks_and_sizes(page_service: PageService) -> None:
    """A set takes as long as its pictures together, and a larger size longer than a smaller one."""
    session = page_service.get_session("me")
    assert asyncio.run(page_service.estimate_form(session, Form())) == {"estimate": "", "looks": {}}
    form = Form(photo="photo:coffee", styles=[{"picture": "style:mosaic"}], size=256)
    one = asyncio.run(page_service.estimate_form(session, form))
    assert one["estimate"].startswith("About ")
    assert set(one["looks"]) == set(LOOKS)
    several = asyncio.run(page_service.estimate_form(session, form.model_copy(update={"vary": "seeds", "count": 4})))
    assert several["estimate"].startswith("4 pictures, about ")
    estimator = page_service._estimator
    find = functools.partial(page_service.describe_picture, session)
    estimates = [estimator.estimate(form.model_copy(update={"size": size}), find) for size in (256, 1024)]
    assert all(estimate is not None for estimate in estimates)
    small, large = (estimate.seconds for estimate in estimates if estimate is not None)
    assert large > 2 * small > 0
    wait_for(start(page_service, session))
    result = session.results.all[0].info.id
    sizes = asyncio.run(page_service.estimate_sizes(session, result, [512, 100_000]))
    assert "of memory" in sizes["512"]
    assert sizes["100000"].startswith("Size cannot be 100000")
