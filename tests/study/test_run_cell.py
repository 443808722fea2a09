"""What a worker does: run a cell, compute its metrics, and return its failures."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from barestyle import transfer
from barestyle.errors import DivergedError, SpecError, WeightsError
from barestyle.run import record as records
from barestyle.run.record import Record
from barestyle.stop_reasons import StopReason, explain
from barestyle.study.resolve import ResolvedStudy
from barestyle.study.run_cell import find_weights, run_cell
from barestyle.study.store import Store
from tests.study.conftest import prepare_jobs


def read_record(image: bytes | None) -> Record:
    """The record inside a PNG."""
    assert image is not None
    with Image.open(io.BytesIO(image)) as opened:
        opened.load()
        return records.parse(str(opened.text["barestyle"]), Path("image.png"))  # type: ignore[attr-defined]


def test_a_cell_gives_the_image_of_transfer_and_its_record(store: Store, small: ResolvedStudy, tmp_path: Path) -> None:
    job = prepare_jobs(small, store, tmp_path / "worker")[-1]
    result, image = run_cell(job, tmp_path / "worker")
    content, style = (small.images[name].path for name in (job.cell.content, job.cell.style))
    direct = transfer(content, style, job.cell.spec, seed=job.cell.seed, precision="float32")
    record = read_record(image)
    assert record.image_sha256 == direct.record.image_sha256
    assert (result.state, set(result.scores), result.has_image) == ("done", {"ssim", "patches"}, True)
    assert (record.spec, record.seed) == (job.cell.spec, job.cell.seed)
    assert (result.trace, result.evaluations) == (record.losses, record.evaluations)
    assert (result.stop_reason, result.reason) == (record.stop_reason, record.reason)
    assert store.folder.path is not None
    assert (store.folder.path / "results" / str(record.content.path)).resolve() == content.resolve()


def test_a_long_trace_is_thinned(
    store: Store, small: ResolvedStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["barestyle.study.run_cell"], "TRACE_LENGTH", 2)
    for job in prepare_jobs(small, store, tmp_path / "worker"):
        result, image = run_cell(job, tmp_path / "worker")
        losses = read_record(image).losses
        assert len(losses) == 3
        assert result.trace == (losses[0], losses[2])


@pytest.mark.parametrize(
    ("error", "failure", "stop_reason", "reason"),
    [
        (RuntimeError("no memory, for example"), "error", None, "RuntimeError: no memory, for example"),
        (SpecError("this cannot be"), "invalid", None, "this cannot be"),
        (
            DivergedError(explain(StopReason.RESTARTS_EXHAUSTED, starts=3)),
            "exploded",
            StopReason.RESTARTS_EXHAUSTED,
            str(explain(StopReason.RESTARTS_EXHAUSTED, starts=3)),
        ),
    ],
)
def test_a_failure_is_a_result_with_a_code(
    store: Store,
    small: ResolvedStudy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    failure: str,
    stop_reason: StopReason | None,
    reason: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(sys.modules["barestyle.study.run_cell"], "run", fail)
    result, image = run_cell(prepare_jobs(small, store, tmp_path / "worker")[0], tmp_path / "worker")
    assert (result.state, image) == ("failed", None)
    assert (result.failure, result.stop_reason, result.reason) == (failure, stop_reason, reason)


@pytest.mark.parametrize("error", [WeightsError("no file of the weights"), OSError(28, "No space left on device")])
def test_what_a_worker_lacks_is_not_a_failure_of_the_cell(
    store: Store, small: ResolvedStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Such a worker would quickly fail every cell."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(sys.modules["barestyle.study.run_cell"], "run", fail)
    with pytest.raises(type(error)):
        run_cell(prepare_jobs(small, store, tmp_path / "worker")[0], tmp_path / "worker")


def test_weights_are_found_by_their_hash(
    synthetic_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the path that the client has, or at that of this machine."""
    import hashlib

    sha256 = hashlib.sha256(synthetic_weights.read_bytes()).hexdigest()
    assert find_weights(str(synthetic_weights), sha256) == synthetic_weights
    with pytest.raises(WeightsError, match="this worker has no file of the trained weights whose SHA-256 begins with"):
        find_weights(str(synthetic_weights), "0" * 64)
    monkeypatch.setenv("BARESTYLE_VGG19", str(synthetic_weights))
    assert find_weights(str(tmp_path / "elsewhere.safetensors"), sha256) == synthetic_weights
