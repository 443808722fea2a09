"""The queue: one job at a time, in the order of arrival, whatever happens to single jobs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from barestyle.errors import ImageError
from barestyle.ui.compute import Compute, PaintRequest
from barestyle.ui.errors import PageError
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.jobs import CANCELED, Job
from barestyle.ui.limits import Limits
from tests.ui.conftest import wait_until
from tests.ui.test_jobs import create_job, make_request


@pytest.fixture
def job_queue() -> Iterator[JobQueue]:
    job_queue = JobQueue(Compute(limits=Limits(max_waiting=2)))
    yield job_queue
    assert job_queue.close(30), "the worker thread ends"


def test_jobs_move_up_in_order(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    first, second, third = (create_job(pictures, tmp_path / str(number), endless=True) for number in range(3))
    job_queue.add(first)
    wait_until(lambda: first.status.phase == "painting")
    job_queue.add(second)
    job_queue.add(third)
    assert [job_queue.find_position(job) for job in (first, second, third)] == [0, 1, 2]
    first.stop()
    wait_until(lambda: second.status.phase == "painting")
    assert [job_queue.find_position(job) for job in (second, third)] == [0, 1]
    assert first.status.phase == "done"
    assert third.status.phase == "waiting"


def test_a_full_queue_refuses_further_jobs(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    jobs = [create_job(pictures, tmp_path / str(number), endless=True) for number in range(4)]
    job_queue.add(jobs[0])
    wait_until(lambda: jobs[0].status.phase == "painting")
    for job in jobs[1:3]:
        job_queue.add(job)
    with pytest.raises(PageError, match="the queue is full, with 2 waiting"):
        job_queue.add(jobs[3])


def test_pictures_of_waiting_jobs_have_a_limit_of_memory(pictures: Path, tmp_path: Path) -> None:
    job_queue = JobQueue(Compute(limits=Limits(max_waiting_bytes=100_000)))
    jobs = [create_job(pictures, tmp_path / str(number), endless=True) for number in range(4)]
    try:
        job_queue.add(jobs[0])
        wait_until(lambda: jobs[0].status.phase == "painting")
        assert jobs[0].prepared_bytes == 0, "a running job holds only what its run needs"
        job_queue.add(jobs[1])
        assert 30_000 < jobs[1].prepared_bytes < 50_000, "48 x 36 and 42 x 48 pixels of 12 bytes"
        job_queue.add(jobs[2])
        with pytest.raises(PageError, match="the queue is full, with 2 waiting"):
            job_queue.add(jobs[3])
    finally:
        assert job_queue.close(30)


def test_a_job_that_is_stopped_while_it_waits_leaves_the_queue(
    job_queue: JobQueue, pictures: Path, tmp_path: Path
) -> None:
    jobs = [create_job(pictures, tmp_path / str(number), endless=True) for number in range(4)]
    job_queue.add(jobs[0])
    wait_until(lambda: jobs[0].status.phase == "painting")
    job_queue.add(jobs[1])
    job_queue.add(jobs[2])
    jobs[1].stop()
    assert jobs[1].status.phase == "failed"
    assert jobs[1].status.errors == (CANCELED,)
    assert list((tmp_path / "1").iterdir()) == []
    assert [job_queue.find_position(job) for job in jobs] == [0, 0, 1, 0]
    job_queue.add(jobs[3])
    assert job_queue.find_position(jobs[3]) == 2, "it takes no room any more"
    jobs[0].drop()
    wait_until(lambda: jobs[2].status.phase == "painting")


def test_a_dropped_job_leaves_no_files_and_the_next_one_is_painted(
    job_queue: JobQueue, pictures: Path, tmp_path: Path
) -> None:
    first, second = (create_job(pictures, tmp_path / str(number), endless=number == 0) for number in range(2))
    job_queue.add(first)
    wait_until(lambda: first.status.phase == "painting")
    job_queue.add(second)
    first.drop()
    wait_until(lambda: second.status.is_over)
    assert first.status.images == ()
    assert not (tmp_path / "0").exists()


def test_a_mistake_in_a_request_is_raised_before_the_wait(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    job_queue.add(create_job(pictures, tmp_path / "first", endless=True))
    (tmp_path / "no.png").write_text("not a picture")
    request = replace(make_request(pictures), content=tmp_path / "no.png")
    with pytest.raises(ImageError, match=r"^'no.png'"):
        job_queue.add(Job([request], lambda _request: tmp_path))


def test_an_unexpected_error_ends_one_job_only(
    job_queue: JobQueue, pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_request: PaintRequest) -> Path:
        raise RuntimeError("no folder")

    faulty = Job(create_job(pictures, tmp_path / "a").requests, fail)
    correct = create_job(pictures, tmp_path / "b")
    job_queue.add(faulty)
    job_queue.add(correct)
    wait_until(lambda: correct.status.is_over)
    assert correct.status.phase == "done"
    assert faulty.status.phase == "failed"
    assert faulty.status.errors[0].startswith("internal error (RuntimeError: no folder)")
    assert "unexpected error while painting" in caplog.text


def test_close_ends_all_jobs_and_the_worker(pictures: Path, tmp_path: Path) -> None:
    job_queue = JobQueue(Compute())
    worker = job_queue._worker
    jobs = [create_job(pictures, tmp_path / str(number), endless=True) for number in range(3)]
    for job in jobs:
        job_queue.add(job)
    wait_until(lambda: jobs[0].status.phase == "painting")
    assert job_queue.close(30)
    assert all(job.status.is_over for job in jobs)
    assert worker not in threading.enumerate()
    with pytest.raises(PageError, match="shutting down"):
        job_queue.add(create_job(pictures, tmp_path / "late"))


def test_an_owner_changes_the_order_of_own_jobs_only(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    job_queue.compute = Compute(limits=Limits(max_waiting=4))
    running, mine, others, mine_too = (create_job(pictures, tmp_path / str(each), endless=True) for each in range(4))
    for job in (running, mine, others, mine_too):
        job_queue.add(job)
        wait_until(lambda: running.status.phase == "painting")
    assert job_queue.move_up(mine_too, [mine, mine_too])
    assert [job_queue.find_position(job) for job in (mine_too, others, mine)] == [1, 2, 3]
    assert not job_queue.move_up(mine_too, [mine, mine_too]), "it is the first of its owner's"
    assert not job_queue.move_up(others, [others])
    assert job_queue.has_other_work([running, mine, mine_too])
    others.stop()
    assert not job_queue.has_other_work([running, mine, mine_too])
