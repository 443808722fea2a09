"""The page's operations without a browser: choose, paint, watch, and leave at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from barestyle import samples
from barestyle.errors import ImageError
from barestyle.ui import service as module
from barestyle.ui.compute import Compute
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings
from barestyle.ui.image_inputs import IMAGE_INPUTS
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.job_status import JobStatus
from barestyle.ui.jobs import Job
from barestyle.ui.limits import Limits
from barestyle.ui.service import LOADED, Service
from barestyle.ui.sessions import Sessions, link_file
from tests.ui.conftest import ENDLESS, TINY, wait_until

CONTENT, STYLE = IMAGE_INPUTS
BOTH = [True, True]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    root = tmp_path.resolve() / "root"
    root.mkdir()
    job_queue = JobQueue(Compute(limits=Limits(max_waiting=1)))
    service = Service(Sessions(root), job_queue, job_queue.compute.limits)
    yield service
    service.close()
    assert job_queue.close(30)


def upload(service: Service, file: Path) -> Path:
    """Store a file as gradio does with an upload."""
    return link_file(file, service.sessions.root / file.name.replace(".", "-"))


async def choose_samples(service: Service, session_id: str) -> None:
    await service.choose_sample(session_id, CONTENT, "coffee")
    await service.choose_sample(session_id, STYLE, "mosaic")


async def start(service: Service, session_id: str, settings: Settings) -> Job:
    await choose_samples(service, session_id)
    job = service.create_job(session_id, [settings], BOTH)
    await service.enqueue(session_id, job)
    return job


async def watch_to_the_end(service: Service, session_id: str, job: Job) -> list[tuple[JobStatus, int]]:
    return [update async for update in service.watch(session_id, job)]


async def until_first_snapshot(job: Job) -> None:
    while not job.status.snapshot:
        await asyncio.sleep(0.02)


def test_from_an_upload_to_a_finished_picture(service: Service, pictures: Path) -> None:
    async def main() -> JobStatus:
        preview = await service.choose_upload("me", CONTENT, upload(service, pictures / "content.png"))
        assert preview is not None
        assert preview.stat().st_size > 0
        await service.choose_sample("me", STYLE, "mosaic")
        job = service.create_job("me", [Settings(TINY, size=64, seed=4)], BOTH)
        await service.enqueue("me", job)
        updates = await watch_to_the_end(service, "me", job)
        return updates[-1][0]

    status = asyncio.run(main())
    assert status.phase == "done"
    assert status.images[0].picture.name == "content-mosaic.png"


def test_watch_reports_changes_without_polling(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an hour between keepalives, every update is one that a thread has notified."""
    monkeypatch.setattr(module, "KEEPALIVE_SECONDS", 3600.0)

    async def main() -> list[list[tuple[JobStatus, int]]]:
        first = await start(service, "first", Settings(ENDLESS))
        second = await start(service, "second", Settings(TINY, size=64))
        watching = [
            asyncio.create_task(watch_to_the_end(service, name, job))
            for name, job in (("first", first), ("second", second))
        ]
        await until_first_snapshot(first)
        assert service.stop("first") is True
        return await asyncio.wait_for(asyncio.gather(*watching), 60)

    first, second = asyncio.run(main())
    for updates in (first, second):
        assert updates[-1][0].phase == "done"
        assert all(update != before for before, update in pairwise(updates))
    assert (second[0][0].phase, second[0][1]) == ("waiting", 1)
    assert list(dict.fromkeys(status.phase for status, _ in second)) == ["waiting", "painting", "done"]
    assert {status.phase for status, _ in first} == {"painting", "done"}


def test_watch_yields_at_every_keepalive(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that has gone is noticed when an update cannot be delivered, so a long wait has updates, too."""
    monkeypatch.setattr(module, "KEEPALIVE_SECONDS", 0.02)

    async def main() -> None:
        await start(service, "first", Settings(ENDLESS))
        second = await start(service, "second", Settings(ENDLESS))
        updates = []
        async for update in service.watch("second", second):
            updates.append(update)
            if len(updates) == 5:
                break
        assert updates == [(JobStatus(), 1)] * 5

    asyncio.run(main())


def test_a_session_does_not_time_out_while_its_job_is_watched(service: Service) -> None:
    async def main() -> None:
        job = await start(service, "me", Settings(ENDLESS))
        session = service.sessions.get("me")
        async for status, _ in service.watch("me", job):
            assert not session.has_expired
            if status.snapshot:
                break
            session.last_seen -= session.timeout + 1
            assert session.has_expired

    asyncio.run(main())


def test_a_missing_picture_is_named(service: Service) -> None:
    asyncio.run(service.choose_sample("me", CONTENT, "coffee"))
    with pytest.raises(PageError, match="choose a style first"):
        service.create_job("me", [Settings()], [True, False])
    with pytest.raises(PageError, match="the connection was lost and the style with it; choose it again"):
        service.create_job("me", [Settings()], BOTH)
    service.clear_input("me", CONTENT)
    with pytest.raises(PageError, match="choose a photo first"):
        service.create_job("me", [Settings()], [False, False])


def test_the_later_of_two_pictures_is_kept(service: Service) -> None:
    async def main() -> list[Path | None]:
        return await asyncio.gather(*[service.choose_sample("me", CONTENT, name) for name in ("coffee", "rocket")])

    first, second = asyncio.run(main())
    assert first is None
    assert second is not None
    assert service.sessions.get("me").files["content"] == samples.photo("rocket")


def test_a_file_that_is_not_a_picture_is_refused(service: Service, tmp_path: Path) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")

    async def choose() -> None:
        await service.choose_sample("me", CONTENT, "coffee")
        await service.choose_upload("me", CONTENT, upload(service, letter))

    with pytest.raises(ImageError, match=r"^'letter.png'"):
        asyncio.run(choose())
    assert service.sessions.get("me").files == {}
    with pytest.raises(PageError, match=r"^'letter.png' has no barestyle settings in it"):
        asyncio.run(service.load_settings("me", upload(service, letter)))


def test_a_job_that_a_full_queue_refuses_is_removed(service: Service) -> None:
    async def main() -> None:
        for name in ("first", "second", "third"):
            job = await start(service, name, Settings(ENDLESS))
            if name == "first":
                await until_first_snapshot(job)

    with pytest.raises(PageError, match="the queue is full, with 1 waiting"):
        asyncio.run(main())
    session = service.sessions.get("third")
    assert session.jobs == []
    assert not list(session.folder.glob("job-*"))


def test_a_client_that_leaves_while_its_pictures_are_read_blocks_nobody(service: Service) -> None:
    async def main() -> None:
        await until_first_snapshot(await start(service, "first", Settings(ENDLESS)))
        await choose_samples(service, "second")
        job = service.create_job("second", [Settings(ENDLESS)], BOTH)
        enqueuing = asyncio.create_task(service.enqueue("second", job))
        await asyncio.sleep(0)
        enqueuing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await enqueuing
        service.sessions.end("first")

    asyncio.run(main())
    wait_until(lambda: not service.job_queue.is_busy)
    assert service.sessions.get("second").jobs == []


def test_a_job_is_dropped_when_nobody_watches_any_more(service: Service) -> None:
    async def main() -> Job:
        job = await start(service, "me", Settings(ENDLESS))
        watching: AsyncIterator[tuple[JobStatus, int]] = service.watch("me", job)
        async for status, _ in watching:
            if status.snapshot:
                break
        await watching.aclose()  # type: ignore[attr-defined]
        return job

    job = asyncio.run(main())
    assert job.is_dropped
    wait_until(lambda: not service.job_queue.is_busy)
    assert service.stop("me") is False


def test_watch_raises_when_the_server_shuts_down(service: Service) -> None:
    async def main() -> None:
        job = await start(service, "me", Settings(ENDLESS))
        async for status, _ in service.watch("me", job):
            if status.snapshot:
                service.job_queue.shut_down()

    with pytest.raises(PageError, match="the server is shutting down"):
        asyncio.run(main())


def test_loaded_settings_belong_to_one_session(service: Service, quick_result: Path) -> None:
    settings = asyncio.run(service.load_settings("me", upload(service, quick_result)))
    assert service.resolve_base("me", LOADED) == settings.base
    with pytest.raises(PageError, match="the connection was lost and the loaded settings with it"):
        service.resolve_base("somebody else", LOADED)


def test_a_strength_is_dropped_if_the_look_has_none(service: Service) -> None:
    assert service.drop_unused_strength(Settings("npnd", strength=0.5)).strength is None
    assert service.drop_unused_strength(Settings("bare", strength=0.5)).strength == 0.5


@pytest.mark.parametrize("names", [[], ["bare"], ["bare"] * 5])
def test_side_by_side_takes_2_to_4_looks(service: Service, names: list[str]) -> None:
    service.check_look_count(["bare", "npnd"])
    with pytest.raises(PageError, match="choose 2 to 4 looks"):
        service.check_look_count(names)
