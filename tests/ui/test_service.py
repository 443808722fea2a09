"""The API's operations without endpoints: paint, watch, and leave at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from barestyle import samples
from barestyle.ui import service as module
from barestyle.ui.compute import Compute
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.job_status import JobStatus
from barestyle.ui.jobs import Job
from barestyle.ui.limits import Limits
from barestyle.ui.service import Service
from barestyle.ui.sessions import Sessions
from barestyle.ui.uploads import link_file
from tests.ui.conftest import ENDLESS, TINY, wait_until


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


async def start(service: Service, session_id: str, settings: Settings) -> Job:
    files = [upload(service, file) for file in (samples.photo("coffee"), samples.style("mosaic"))]
    job = service.create_job(session_id, files, settings)
    await service.enqueue(service.sessions.get_client(session_id), job)
    return job


async def watch_to_the_end(service: Service, session_id: str, job: Job) -> list[tuple[JobStatus, int]]:
    return [update async for update in service.watch(session_id, job)]


async def until_first_snapshot(job: Job) -> None:
    while not job.status.snapshot:
        await asyncio.sleep(0.02)


async def until_next_snapshot(job: Job) -> None:
    before = job.status.snapshot
    while job.status.snapshot == before:
        await asyncio.sleep(0.02)


def test_from_uploads_to_a_finished_picture(service: Service) -> None:
    async def main() -> JobStatus:
        job = await start(service, "me", Settings(TINY, size=64, seed=4))
        return (await watch_to_the_end(service, "me", job))[-1][0]

    status = asyncio.run(main())
    assert status.phase == "done"
    assert status.images[0].picture.name == "coffee-mosaic.png"


def test_watch_reports_changes_without_polling(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an hour between keepalives, every update is one that a thread has notified."""
    monkeypatch.setattr(module, "KEEPALIVE_SECONDS", 3600.0)

    async def main() -> list[list[tuple[JobStatus, int]]]:
        first = await start(service, "first", Settings(ENDLESS))
        await until_first_snapshot(first)  # until then it takes the only place in the queue
        second = await start(service, "second", Settings(TINY, size=64))
        watching = [
            asyncio.create_task(watch_to_the_end(service, name, job))
            for name, job in (("first", first), ("second", second))
        ]
        await until_next_snapshot(first)
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
        await until_first_snapshot(await start(service, "first", Settings(ENDLESS)))
        second = await start(service, "second", Settings(ENDLESS))
        updates = []
        async for update in service.watch("second", second):
            updates.append(update)
            if len(updates) == 5:
                break
        assert updates == [(JobStatus(), 1)] * 5

    asyncio.run(main())


def test_a_session_does_not_time_out_while_its_job_is_watched(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        job = await start(service, "me", Settings(ENDLESS))
        session = service.sessions.get_client("me")
        async for status, _ in service.watch("me", job):
            assert not session.has_expired
            if status.snapshot:
                break
            session.last_seen -= 10_000
            assert session.has_expired

    asyncio.run(main())


def test_a_job_that_a_full_queue_refuses_is_removed(service: Service) -> None:
    async def main() -> None:
        for name in ("first", "second", "third"):
            job = await start(service, name, Settings(ENDLESS))
            if name == "first":
                await until_first_snapshot(job)

    with pytest.raises(PageError, match="the queue is full, with 1 waiting"):
        asyncio.run(main())
    session = service.sessions.get_client("third")
    assert session.jobs == []
    assert not list(session.folder.glob("job-*"))


def test_a_client_that_leaves_while_its_pictures_are_read_blocks_nobody(service: Service) -> None:
    async def main() -> None:
        await until_first_snapshot(await start(service, "first", Settings(ENDLESS)))
        files = [upload(service, file) for file in (samples.photo("coffee"), samples.style("mosaic"))]
        job = service.create_job("second", files, Settings(ENDLESS))
        enqueuing = asyncio.create_task(service.enqueue(service.sessions.get_client("second"), job))
        await asyncio.sleep(0)
        enqueuing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await enqueuing
        service.sessions.end_client("first")

    asyncio.run(main())
    wait_until(lambda: not service.job_queue.has_other_work(()))
    assert service.sessions.get_client("second").jobs == []


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
    wait_until(lambda: not service.job_queue.has_other_work(()))
    assert service.stop("me") is False


def test_watch_raises_when_the_server_shuts_down(service: Service) -> None:
    async def main() -> None:
        job = await start(service, "me", Settings(ENDLESS))
        async for status, _ in service.watch("me", job):
            if status.snapshot:
                service.job_queue.shut_down()

    with pytest.raises(PageError, match="the server is shutting down"):
        asyncio.run(main())
