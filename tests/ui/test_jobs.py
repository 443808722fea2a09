"""A job paints its requests one after the other, and reports each step."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from barestyle import samples
from barestyle.errors import SpecError
from barestyle.run import record as records
from barestyle.run.api import transfer
from barestyle.spec import Spec, with_settings
from barestyle.ui.compute import Compute, PaintRequest, StyleFile
from barestyle.ui.jobs import CANCELED, Job
from tests.ui.conftest import ENDLESS, TINY, wait_until


def create_job(pictures: Path, folder: Path, *, endless: bool = False, seed: int = 0, times: int = 1) -> Job:
    spec = ENDLESS if endless else with_settings(TINY, {"size": 48})
    folder.mkdir()
    return Job([make_request(pictures, spec, seed)] * times, lambda _request: folder)


def make_request(
    pictures: Path, spec: Spec = TINY, seed: int = 0, *, title: str = "Quick", **options: Any
) -> PaintRequest:
    styles = (StyleFile(pictures / "style.jpg"),)
    return PaintRequest(pictures / "content.png", styles, spec, seed, title, "content-style", **options)


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
    assert not (tmp_path / "job").exists()


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
    invalid = make_request(pictures, seed=-1, title="Impossible")
    job.requests = (invalid, *job.requests)
    job.prepare(Compute())
    (message,) = job.status.errors
    assert message.startswith("Impossible: seed")
    job.paint()
    assert job.status.phase == "done"
    assert len(job.status.images) == 2
    assert job.status.errors == (message,)


def test_a_job_without_a_valid_request_is_refused(pictures: Path, tmp_path: Path) -> None:
    request = make_request(pictures, seed=-1)
    with pytest.raises(SpecError, match=r"^seed"):
        Job([request, request], lambda _request: tmp_path).prepare(Compute())


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
    requests = create_job(pictures, tmp_path / "a", endless=True).requests
    job = Job(requests, lambda _request: tmp_path / "a", wants_frames=False)
    thread = paint_in_thread(job)
    wait_until(lambda: job.status.snapshot is not None and job.status.snapshot.step > 3)
    assert job.status.snapshot is not None
    assert job.status.snapshot.frame == ""
    job.drop()
    thread.join(30)


def test_a_film_is_recorded_if_it_is_asked_for(pictures: Path, tmp_path: Path) -> None:
    requests = [make_request(pictures, with_settings(TINY, {"size": 48}), records_film=film) for film in (True, False)]
    job = Job(requests, lambda request: tmp_path / str(request.records_film))
    for request in requests:
        (tmp_path / str(request.records_film)).mkdir()
    job.prepare(Compute())
    job.paint()
    with_film, without_film = job.status.images
    assert with_film.film is not None
    assert with_film.film.stat().st_size > 1000
    assert without_film.film is None


def test_styles_with_weights_masks_and_protected_parts(pictures: Path, tmp_path: Path) -> None:
    """The picture of a job is the one that `transfer` paints, and its record names all files without a folder."""
    half = Image.new("L", (64, 48))
    half.paste(255, (0, 0, 32, 48))
    half.save(tmp_path / "half.png")
    corner = Image.new("L", (64, 48))
    corner.paste(255, (0, 0, 8, 8))
    corner.save(tmp_path / "corner.png")
    files = (pictures / "style.jpg", samples.style("mosaic"))
    masks = [tmp_path / "half.png", None]
    styles = tuple(StyleFile(file, weight, mask) for file, weight, mask in zip(files, (2.0, 1.0), masks, strict=True))
    spec = with_settings(TINY, {"size": 48})
    request = PaintRequest(pictures / "content.png", styles, spec, 3, "Quick", "name", keep=tmp_path / "corner.png")
    folder = tmp_path / "job"
    folder.mkdir()
    job = Job([request], lambda _request: folder)
    job.prepare(Compute())
    job.paint()
    (image,) = job.status.images
    expected = transfer(
        pictures / "content.png",
        list(files),
        spec,
        weights=[2, 1],
        masks=masks,
        keep=tmp_path / "corner.png",
        seed=3,
    )
    record = records.find(image.picture)
    assert record.run_key == expected.record.run_key
    assert record.image_sha256 == expected.record.image_sha256
    assert [style.path for style in record.styles] == ["style.jpg", "mosaic.jpg"]
    assert record.styles[0].mask is not None
    assert record.styles[0].mask.path == "half.png"
    assert record.keep is not None
    assert record.keep.path == "corner.png"
