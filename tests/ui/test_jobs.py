"""A job paints its requests one after the other, and reports each step."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PIL import Image

from barestyle.errors import SpecError
from barestyle.run import record as records
from barestyle.run.api import transfer
from barestyle.spec import with_settings
from barestyle.ui.compute import Compute, PaintRequest
from barestyle.ui.jobs import CANCELED, Job
from tests.ui.conftest import ENDLESS, TINY, wait_until


def create_job(pictures: Path, folder: Path, *, endless: bool = False, seed: int = 0, times: int = 1) -> Job:
    spec = ENDLESS if endless else with_settings(TINY, {"size": 48})
    folder.mkdir()
    request = PaintRequest(pictures / "content.png", pictures / "style.jpg", spec, seed, "Quick")
    return Job([request] * times, folder)


def paint_in_thread(job: Job) -> threading.Thread:
    job.prepare(Compute())
    thread = threading.Thread(target=job.paint)
    thread.start()
    return thread


def test_a_job_makes_the_same_picture_as_the_library(pictures: Path, tmp_path: Path) -> None:
    job = create_job(pictures, tmp_path / "job", seed=5)
    job.prepare(Compute())
    job.paint()
    (image,) = job.status.images
    spec = with_settings(TINY, {"size": 48})
    expected = transfer(pictures / "content.png", pictures / "style.jpg", spec, seed=5)
    record = records.find(image.picture)
    assert record.image_sha256 == expected.record.image_sha256
    assert (record.content.path, record.styles[0].path) == ("content.png", "style.jpg"), "no folder of the server"
    assert record.content.sha256 == expected.record.content.sha256
    for view in (image.before, image.after):
        with Image.open(view) as opened:
            assert opened.size == (image.width, image.height) == (48, 36)


def test_stop_keeps_the_best_picture_and_starts_no_other(pictures: Path, tmp_path: Path) -> None:
    job = create_job(pictures, tmp_path / "job", endless=True, times=3)
    thread = paint_in_thread(job)
    wait_until(lambda: job.status.snapshot is not None and job.status.snapshot.step > 3)
    job.stop()
    thread.join(30)
    assert job.status.is_over
    (image,) = job.status.images
    record = records.find(image.picture)
    assert image.interrupted
    assert record.interrupted
    assert min(record.losses) < record.losses[0]


def test_drop_keeps_nothing(pictures: Path, tmp_path: Path) -> None:
    job = create_job(pictures, tmp_path / "job", endless=True)
    thread = paint_in_thread(job)
    wait_until(lambda: job.status.snapshot is not None)
    job.drop()
    thread.join(30)
    assert job.status.phase == "failed"
    assert list((tmp_path / "job").iterdir()) == []


def test_a_job_that_is_stopped_first_paints_nothing(pictures: Path, tmp_path: Path) -> None:
    job = create_job(pictures, tmp_path / "job")
    job.stop()
    assert (job.status.phase, job.status.errors) == ("failed", (CANCELED,))
    job.prepare(Compute())
    assert job.prepared_bytes == 0
    job.paint()
    assert job.status.images == ()


def test_a_request_that_fails_leaves_the_others(pictures: Path, tmp_path: Path) -> None:
    job = create_job(pictures, tmp_path / "job", times=2)
    invalid = PaintRequest(pictures / "content.png", pictures / "style.jpg", TINY, -1, "Impossible")
    job.requests = (invalid, *job.requests)
    job.prepare(Compute())
    (message,) = job.status.errors
    assert message.startswith("Impossible: seed")
    job.paint()
    assert job.status.phase == "done"
    assert len(job.status.images) == 2
    assert job.status.errors == (message,)


def test_a_job_without_a_valid_request_is_refused(pictures: Path, tmp_path: Path) -> None:
    request = PaintRequest(pictures / "content.png", pictures / "style.jpg", TINY, -1, "Impossible")
    with pytest.raises(SpecError, match=r"^seed"):
        Job([request, request], tmp_path).prepare(Compute())


def test_snapshots_have_frames_that_change(pictures: Path, tmp_path: Path) -> None:
    job = create_job(pictures, tmp_path / "job", endless=True)
    changes: list[str] = []
    job.on_change = lambda: changes.append(job.status.snapshot.frame if job.status.snapshot else "")
    thread = paint_in_thread(job)
    wait_until(lambda: len(set(changes)) >= 4)
    # So long a run has no estimate before some seconds have passed.
    wait_until(lambda: job.status.snapshot is not None and job.status.snapshot.seconds_left is not None)
    job.stop()
    frames = [frame for frame in changes if frame]
    assert all(frame.startswith("data:image/jpeg;base64,") for frame in frames)
    snapshot = job.status.snapshot
    assert snapshot is not None
    assert 0 < snapshot.share < 1
    assert snapshot.seconds_left is not None
    assert snapshot.seconds_left > snapshot.seconds
    assert "<svg" in snapshot.curve
    thread.join(30)


def test_a_job_without_viewers_makes_no_frames(pictures: Path, tmp_path: Path) -> None:
    job = Job(create_job(pictures, tmp_path / "a", endless=True).requests, tmp_path, wants_frames=False)
    thread = paint_in_thread(job)
    wait_until(lambda: job.status.snapshot is not None and job.status.snapshot.step > 3)
    assert job.status.snapshot is not None
    assert job.status.snapshot.frame == ""
    job.drop()
    thread.join(30)
