"""The line: one at a time, in the order of asking; stopped, dropped, and gone on from whatever goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from barestyle.errors import DeviceError, ImageError
from barestyle.run import record as records
from barestyle.run.runner import transfer
from barestyle.spec import with_settings
from barestyle.ui.errors import PageError
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.jobs import Compute, Job, PaintRequest
from barestyle.ui.limits import Limits
from tests.ui.conftest import ENDLESS, TINY, eventually


@pytest.fixture
def job_queue() -> Iterator[JobQueue]:
    one = JobQueue(Compute(limits=Limits(max_waiting=2)))
    yield one
    assert one.close(30), "the painter goes home"


def asked(pictures: Path, folder: Path, *, endless: bool = False, seed: int = 0, times: int = 1) -> Job:
    spec = ENDLESS if endless else with_settings(TINY, {"size": 48})
    folder.mkdir()
    request = PaintRequest(pictures / "content.png", pictures / "style.jpg", spec, seed, "Quick")
    return Job([request] * times, folder)


def test_a_job_is_the_same_run_as_the_librarys(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    job = asked(pictures, tmp_path / "job", seed=5)
    job_queue.ask(job)
    eventually(lambda: job.view.is_over)
    (work,) = job.view.works
    spec = with_settings(TINY, {"size": 48})
    expected = transfer(pictures / "content.png", pictures / "style.jpg", spec, seed=5)
    record = records.find(work.picture)
    assert record.image_sha256 == expected.record.image_sha256
    assert (record.content.path, record.styles[0].path) == ("content.png", "style.jpg"), "and none of our folders"
    assert record.content.sha256 == expected.record.content.sha256
    for view in (work.before, work.after):
        with Image.open(view) as image:
            assert image.size == (work.width, work.height) == (48, 36)


def test_the_line_moves_up_in_order(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    first, second, third = (asked(pictures, tmp_path / str(number), endless=True) for number in range(3))
    for job in (first, second, third):
        job_queue.ask(job)
    eventually(lambda: first.view.phase == "painting")
    assert [job_queue.place(job) for job in (first, second, third)] == [0, 1, 2]
    job_queue.stop(first)
    eventually(lambda: second.view.phase == "painting")
    assert [job_queue.place(job) for job in (second, third)] == [0, 1]
    assert first.view.phase == "done"
    assert third.view.phase == "waiting"


def test_a_full_line_takes_no_more(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    jobs = [asked(pictures, tmp_path / str(number), endless=True) for number in range(4)]
    job_queue.ask(jobs[0])
    eventually(lambda: jobs[0].view.phase == "painting")
    for job in jobs[1:3]:
        job_queue.ask(job)
    with pytest.raises(PageError, match="the line is full: 2 are waiting already"):
        job_queue.ask(jobs[3])


def test_stopped_it_keeps_the_best_so_far_and_begins_no_other(
    job_queue: JobQueue, pictures: Path, tmp_path: Path
) -> None:
    job = asked(pictures, tmp_path / "job", endless=True, times=3)
    job_queue.ask(job)
    eventually(lambda: job.view.snapshot is not None and job.view.snapshot.step > 3)
    job_queue.stop(job)
    eventually(lambda: job.view.is_over)
    (work,) = job.view.works
    record = records.find(work.picture)
    assert work.interrupted
    assert record.interrupted
    assert min(record.losses) < record.losses[0]


def test_stopped_in_the_line_nothing_was_painted(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    first, second = (asked(pictures, tmp_path / str(number), endless=True) for number in range(2))
    job_queue.ask(first)
    eventually(lambda: first.view.phase == "painting")
    job_queue.ask(second)
    job_queue.stop(second)
    assert second.view.phase == "failed"
    assert second.view.refusals == ("you left the line, and nothing was painted",)
    assert list((tmp_path / "1").iterdir()) == []


def test_dropped_it_leaves_nothing(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    first, second = (asked(pictures, tmp_path / str(number), endless=number == 0) for number in range(2))
    job_queue.ask(first)
    eventually(lambda: first.view.phase == "painting")
    job_queue.ask(second)
    job_queue.drop(first)
    eventually(lambda: second.view.is_over)
    assert first.view.works == ()
    assert list((tmp_path / "0").iterdir()) == []


def test_what_cannot_be_painted_is_told_before_the_wait(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    first = asked(pictures, tmp_path / "first", endless=True)
    job_queue.ask(first)
    (tmp_path / "no.png").write_text("no picture")
    request = PaintRequest(tmp_path / "no.png", pictures / "style.jpg", TINY, 0, "Quick")
    with pytest.raises(ImageError, match=r"^'no.png' is no picture"):
        job_queue.ask(Job([request], tmp_path))


def test_one_wish_that_fails_leaves_the_others(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    job = asked(pictures, folder, times=2)
    bad = PaintRequest(pictures / "content.png", pictures / "style.jpg", TINY, -1, "Impossible")
    job.requests = (bad, *job.requests)
    job_queue.ask(job)
    eventually(lambda: job.view.is_over)
    assert job.view.phase == "done"
    assert len(job.view.works) == 2
    assert job.view.refusals == ("Impossible: seed cannot be -1; it takes a whole number from 0 to 2**63 - 1",)


def test_a_mistake_of_ours_is_a_sentence_and_the_next_one_is_painted(
    job_queue: JobQueue, pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere, fine = asked(pictures, tmp_path / "a"), asked(pictures, tmp_path / "b")
    nowhere.folder = tmp_path / "missing" / "folder"
    job_queue.ask(nowhere)
    job_queue.ask(fine)
    eventually(lambda: fine.view.is_over)
    assert fine.view.phase == "done"
    assert nowhere.view.phase == "failed"
    assert nowhere.view.refusals[0].startswith("this is a mistake in barestyle (FileNotFoundError")
    assert "a mistake while painting" in caplog.text


def test_frames_of_the_way_are_small_pictures(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    job = asked(pictures, tmp_path / "job", endless=True)
    job_queue.ask(job)
    seen: set[str] = set()

    def three() -> bool:
        if job.view.snapshot is not None:
            seen.add(job.view.snapshot.frame)
        return len(seen) >= 3

    eventually(three)
    assert all(frame.startswith("data:image/jpeg;base64,") for frame in seen)
    snapshot = job.view.snapshot
    assert snapshot is not None
    assert 0 < snapshot.share < 1
    assert snapshot.left is not None
    assert snapshot.curve.startswith("<svg ")


def test_a_job_that_nobody_watches_makes_no_frames(job_queue: JobQueue, pictures: Path, tmp_path: Path) -> None:
    job = Job(asked(pictures, tmp_path / "a", endless=True).requests, tmp_path, watched=False)
    job_queue.ask(job)
    eventually(lambda: job.view.snapshot is not None and job.view.snapshot.step > 3)
    assert job.view.snapshot is not None
    assert job.view.snapshot.frame == ""


def test_closing_ends_everything(pictures: Path, tmp_path: Path) -> None:
    job_queue = JobQueue(Compute())
    jobs = [asked(pictures, tmp_path / str(number), endless=True) for number in range(3)]
    for job in jobs:
        job_queue.ask(job)
    eventually(lambda: jobs[0].view.phase == "painting")
    assert job_queue.close(30)
    assert all(job.view.is_over for job in jobs)
    assert not any(thread.name == "painter" for thread in threading.enumerate())
    with pytest.raises(PageError, match="closing"):
        job_queue.ask(asked(pictures, tmp_path / "late"))


def test_an_easel_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(DeviceError, match="there is no device 'abacus'"):
        Compute(device="abacus").check()
    Compute().check()
