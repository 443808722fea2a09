"""What a visitor does, without a browser: choosing, asking, leaving at every moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from barestyle import samples
from barestyle.errors import ImageError, RecordError
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings
from barestyle.ui.image_inputs import SLOTS
from barestyle.ui.job_queue import Studio
from barestyle.ui.jobs import Easel, Job
from barestyle.ui.limits import Limits
from barestyle.ui.service import EARLIER, Desk
from barestyle.ui.sessions import Visits, linked
from tests.ui.conftest import ENDLESS, TINY, eventually

CONTENT, STYLE = SLOTS


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    root = tmp_path.resolve() / "root"
    root.mkdir()
    studio = Studio(Easel(limits=Limits(max_waiting=1)))
    one = Desk(Visits(root, studio), studio, studio.easel.limits)
    yield one
    one.close()
    assert studio.close(30)


def sent(desk: Desk, file: Path) -> Path:
    """A file as it arrives."""
    return linked(file, desk.visits.root / file.name.replace(".", "-"))


async def chosen(desk: Desk, session: str) -> None:
    await desk.pick_sample(session, CONTENT, "coffee")
    await desk.pick_sample(session, STYLE, "mosaic")


async def watched(desk: Desk, session: str, job: Job) -> list[int]:
    return [place async for place in desk.watch(session, job)]


def test_chosen_asked_watched_to_its_end(desk: Desk, pictures: Path) -> None:
    async def visit() -> Job:
        small = await desk.pick("me", CONTENT, sent(desk, pictures / "content.png"))
        assert small is not None
        assert small.stat().st_size > 0
        await desk.pick_sample("me", STYLE, "mosaic")
        job = await desk.ask("me", [Settings(TINY, size=64, seed=4)], [True, True])
        assert await watched(desk, "me", job)
        return job

    job = asyncio.run(visit())
    assert job.view.phase == "done"
    assert job.view.works[0].picture.name == "content-mosaic.png"


def test_without_a_picture_it_says_which_one(desk: Desk) -> None:
    async def visit(is_shown: bool) -> None:
        await desk.pick_sample("me", CONTENT, "coffee")
        await desk.ask("me", [Settings()], [True, is_shown])

    with pytest.raises(PageError, match="there is no style yet; drop one"):
        asyncio.run(visit(False))
    with pytest.raises(PageError, match="the connection was lost, and the style with it; choose it again"):
        asyncio.run(visit(True))


def test_of_two_that_are_chosen_at_once_the_later_one_stays(desk: Desk) -> None:
    async def visit() -> list[Path | None]:
        return await asyncio.gather(*[desk.pick_sample("me", CONTENT, name) for name in ("coffee", "rocket")])

    first, second = asyncio.run(visit())
    assert first is None
    assert second is not None
    assert desk.visits.of("me").picked["content"] == samples.photo("rocket")


def test_what_is_refused_takes_the_place_of_nothing(desk: Desk, tmp_path: Path) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")

    async def visit() -> None:
        await desk.pick_sample("me", CONTENT, "coffee")
        await desk.pick("me", CONTENT, sent(desk, letter))

    with pytest.raises(ImageError, match=r"^'letter.png' is no picture"):
        asyncio.run(visit())
    assert desk.visits.of("me").picked == {}
    with pytest.raises(RecordError, match=r"^'letter.png' carries no record"):
        asyncio.run(desk.load("me", sent(desk, letter)))


def test_one_that_is_refused_at_the_line_leaves_no_job(desk: Desk) -> None:
    async def visits() -> None:
        for name in ("first", "second", "third"):
            await chosen(desk, name)
            await desk.ask(name, [Settings(ENDLESS)], [True, True])
            if name == "first":
                while not desk.visits.of(name).jobs[0].view.glimpse:
                    await asyncio.sleep(0.05)

    with pytest.raises(PageError, match="the line is full: 1 are waiting already"):
        asyncio.run(visits())
    visit = desk.visits.of("third")
    assert visit.jobs == []
    assert not list(visit.folder.glob("job-*"))


def test_whoever_leaves_while_asking_keeps_nobody_waiting(desk: Desk) -> None:
    async def visits() -> None:
        for name in ("first", "second"):
            await chosen(desk, name)
        first = await desk.ask("first", [Settings(ENDLESS)], [True, True])
        while not first.view.glimpse:
            await asyncio.sleep(0.05)
        asking = asyncio.create_task(desk.ask("second", [Settings(ENDLESS)], [True, True]))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        desk.visits.end("first")

    asyncio.run(visits())
    eventually(lambda: not desk.studio.is_busy)
    assert desk.visits.of("second").jobs == []


def test_whoever_stops_looking_drops_the_job(desk: Desk) -> None:
    async def visit() -> None:
        await chosen(desk, "me")
        job = await desk.ask("me", [Settings(ENDLESS)], [True, True])
        looking: AsyncIterator[int] = desk.watch("me", job)
        async for _ in looking:
            if job.view.glimpse:
                break
        await looking.aclose()  # type: ignore[attr-defined]

    asyncio.run(visit())
    eventually(lambda: not desk.studio.is_busy)
    assert desk.stop("me") is False


def test_an_earlier_results_settings_are_the_visitors_own(desk: Desk, quick: Path) -> None:
    found = asyncio.run(desk.load("me", sent(desk, quick)))
    assert desk.base("me", EARLIER) == found.base
    with pytest.raises(PageError, match="the connection was lost, and the earlier result with it"):
        desk.base("somebody else", EARLIER)


def test_a_strength_is_left_out_where_there_is_none(desk: Desk) -> None:
    assert desk.fitting(Settings("npnd", strength=0.5)).strength is None
    assert desk.fitting(Settings("bare", strength=0.5)).strength == 0.5
    assert desk.several(["bare", "npnd"]) == ["bare", "npnd"]
    for wrong in ([], ["bare"], ["bare"] * 5):
        with pytest.raises(PageError, match="two, three or four manners"):
            desk.several(wrong)
