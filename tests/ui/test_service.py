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
from barestyle.ui.image_inputs import IMAGE_INPUTS
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.jobs import Compute, Job
from barestyle.ui.limits import Limits
from barestyle.ui.service import EARLIER, Service
from barestyle.ui.sessions import Sessions, linked
from tests.ui.conftest import ENDLESS, TINY, eventually

CONTENT, STYLE = IMAGE_INPUTS


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    root = tmp_path.resolve() / "root"
    root.mkdir()
    job_queue = JobQueue(Compute(limits=Limits(max_waiting=1)))
    one = Service(Sessions(root, job_queue), job_queue, job_queue.compute.limits)
    yield one
    one.close()
    assert job_queue.close(30)


def sent(service: Service, file: Path) -> Path:
    """A file as it arrives."""
    return linked(file, service.sessions.root / file.name.replace(".", "-"))


async def chosen(service: Service, session: str) -> None:
    await service.pick_sample(session, CONTENT, "coffee")
    await service.pick_sample(session, STYLE, "mosaic")


async def watched(service: Service, session: str, job: Job) -> list[int]:
    return [place async for place in service.watch(session, job)]


def test_chosen_asked_watched_to_its_end(service: Service, pictures: Path) -> None:
    async def session_data() -> Job:
        small = await service.pick("me", CONTENT, sent(service, pictures / "content.png"))
        assert small is not None
        assert small.stat().st_size > 0
        await service.pick_sample("me", STYLE, "mosaic")
        job = await service.ask("me", [Settings(TINY, size=64, seed=4)], [True, True])
        assert await watched(service, "me", job)
        return job

    job = asyncio.run(session_data())
    assert job.view.phase == "done"
    assert job.view.works[0].picture.name == "content-mosaic.png"


def test_without_a_picture_it_says_which_one(service: Service) -> None:
    async def session_data(is_shown: bool) -> None:
        await service.pick_sample("me", CONTENT, "coffee")
        await service.ask("me", [Settings()], [True, is_shown])

    with pytest.raises(PageError, match="there is no style yet; drop one"):
        asyncio.run(session_data(False))
    with pytest.raises(PageError, match="the connection was lost, and the style with it; choose it again"):
        asyncio.run(session_data(True))


def test_of_two_that_are_chosen_at_once_the_later_one_stays(service: Service) -> None:
    async def session_data() -> list[Path | None]:
        return await asyncio.gather(*[service.pick_sample("me", CONTENT, name) for name in ("coffee", "rocket")])

    first, second = asyncio.run(session_data())
    assert first is None
    assert second is not None
    assert service.sessions.of("me").picked["content"] == samples.photo("rocket")


def test_what_is_refused_takes_the_place_of_nothing(service: Service, tmp_path: Path) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")

    async def session_data() -> None:
        await service.pick_sample("me", CONTENT, "coffee")
        await service.pick("me", CONTENT, sent(service, letter))

    with pytest.raises(ImageError, match=r"^'letter.png' is no picture"):
        asyncio.run(session_data())
    assert service.sessions.of("me").picked == {}
    with pytest.raises(RecordError, match=r"^'letter.png' carries no record"):
        asyncio.run(service.load("me", sent(service, letter)))


def test_one_that_is_refused_at_the_line_leaves_no_job(service: Service) -> None:
    async def sessions() -> None:
        for name in ("first", "second", "third"):
            await chosen(service, name)
            await service.ask(name, [Settings(ENDLESS)], [True, True])
            if name == "first":
                while not service.sessions.of(name).jobs[0].view.snapshot:
                    await asyncio.sleep(0.05)

    with pytest.raises(PageError, match="the line is full: 1 are waiting already"):
        asyncio.run(sessions())
    session_data = service.sessions.of("third")
    assert session_data.jobs == []
    assert not list(session_data.folder.glob("job-*"))


def test_whoever_leaves_while_asking_keeps_nobody_waiting(service: Service) -> None:
    async def sessions() -> None:
        for name in ("first", "second"):
            await chosen(service, name)
        first = await service.ask("first", [Settings(ENDLESS)], [True, True])
        while not first.view.snapshot:
            await asyncio.sleep(0.05)
        asking = asyncio.create_task(service.ask("second", [Settings(ENDLESS)], [True, True]))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        service.sessions.end("first")

    asyncio.run(sessions())
    eventually(lambda: not service.job_queue.is_busy)
    assert service.sessions.of("second").jobs == []


def test_whoever_stops_looking_drops_the_job(service: Service) -> None:
    async def session_data() -> None:
        await chosen(service, "me")
        job = await service.ask("me", [Settings(ENDLESS)], [True, True])
        looking: AsyncIterator[int] = service.watch("me", job)
        async for _ in looking:
            if job.view.snapshot:
                break
        await looking.aclose()  # type: ignore[attr-defined]

    asyncio.run(session_data())
    eventually(lambda: not service.job_queue.is_busy)
    assert service.stop("me") is False


def test_an_earlier_results_settings_are_the_visitors_own(service: Service, quick: Path) -> None:
    found = asyncio.run(service.load("me", sent(service, quick)))
    assert service.base("me", EARLIER) == found.base
    with pytest.raises(PageError, match="the connection was lost, and the earlier result with it"):
        service.base("somebody else", EARLIER)


def test_a_strength_is_left_out_where_there_is_none(service: Service) -> None:
    assert service.fitting(Settings("npnd", strength=0.5)).strength is None
    assert service.fitting(Settings("bare", strength=0.5)).strength == 0.5
    assert service.several(["bare", "npnd"]) == ["bare", "npnd"]
    for wrong in ([], ["bare"], ["bare"] * 5):
        with pytest.raises(PageError, match="two, three or four manners"):
            service.several(wrong)
