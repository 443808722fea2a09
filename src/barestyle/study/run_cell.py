"""Run one cell and compute its metrics: what a worker does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from barestyle.errors import BarestyleError, DivergedError, WeightsError
from barestyle.hardware.threads import use_threads
from barestyle.images import encode
from barestyle.metrics import MetricInputs, compute, select
from barestyle.networks import vgg19
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from barestyle.run.result import Result
from barestyle.run.runner import run
from barestyle.spec import with_settings
from barestyle.study.cell import Cell, CellResult, FailureCode
from barestyle.study.expansion import needs_trained_weights

TRACE_LENGTH = 100
"""Most losses of a run that the store keeps, evenly spaced; the record in the image has all of them."""


@dataclass(frozen=True)
class Job:
    """A cell with everything that a worker needs to run it, except for the images' files.

    Attributes:
        cell: the cell.
        content, style: SHA-256 of the images' files.
        paths: of the content and the style on the client's machine, for the record of the result.
        folder: of the result on the client's machine, which the paths in its record are relative to; None if it is
            not on a local disk.
        metrics: names of the metrics to compute.
        weights: path and SHA-256 of the trained weights, or None.
        threads: that PyTorch computes with, or None for as many as it is set to.
    """

    cell: Cell
    content: str
    style: str
    paths: tuple[str, str]
    folder: str | None
    metrics: tuple[str, ...]
    weights: tuple[str, str] | None = None
    threads: int | None = None


def run_cell(job: Job, inputs: Path) -> tuple[CellResult, bytes | None]:
    """Run a cell; return its result and its image as a PNG with its record, or a failed result and None.

    Args:
        job: the cell, and what it needs.
        inputs: folder with the images' files, each named by its SHA-256.

    A failure of the cell is a result, as it must not stop the others. Raises WeightsError or OSError for what this
    worker lacks.
    """
    try:
        with use_threads(job.threads):
            return _run_and_score(job, inputs)
    except DivergedError as error:
        return _make_failure(job.cell, "exploded", str(error), error), None
    except (WeightsError, OSError):
        raise  # the worker's fault: it would fail every cell, and quickly
    except BarestyleError as error:
        return _make_failure(job.cell, "invalid", str(error)), None
    except Exception as error:  # noqa: BLE001  # the other cells can run
        return _make_failure(job.cell, "error", f"{type(error).__name__}: {error}"), None


def _make_failure(cell: Cell, code: FailureCode, reason: str, diverged: DivergedError | None = None) -> CellResult:
    stop_reason = None if diverged is None else diverged.stop_reason
    return CellResult(cell=cell, state="failed", failure=code, stop_reason=stop_reason, reason=reason)


def _run_and_score(job: Job, inputs: Path) -> tuple[CellResult, bytes]:
    weights = None if job.weights is None else find_weights(*job.weights)
    spec = job.cell.spec
    if weights is not None and needs_trained_weights(spec):
        spec = with_settings(spec, {"network.trained_file": str(weights)})
    request = Request(inputs / job.content, inputs / job.style, spec, seed=job.cell.seed, precision="float32")
    plan = prepare(request)
    result = run(plan)
    return _score(job, result, plan, weights), encode(result.image, None, ".png", bits=8, record=_record(job, result))


def _record(job: Job, result: Result) -> str:
    """Return the record of a result, with the paths that its files have on the client's machine."""
    record = result.record
    content, style = job.paths
    changes: dict[str, object] = {
        "content": record.content.model_copy(update={"path": content}),
        "styles": tuple(each.model_copy(update={"path": style}) for each in record.styles),
    }
    if record.weights is not None and job.weights is not None:
        changes["weights"] = record.weights.model_copy(update={"path": job.weights[0]})
    record = record.model_copy(update=changes)
    return (record if job.folder is None else record.relative_to(Path(job.folder))).to_json()


def _score(job: Job, result: Result, plan: Plan, weights: Path | None) -> CellResult:
    inputs = MetricInputs(result.image, plan.content.pixels, plan.style.pixels, weights)
    every = max(1, -(-len(result.losses) // TRACE_LENGTH))
    return CellResult(
        cell=job.cell,
        state="done",
        scores=compute(inputs, select(job.metrics)).values,
        trace=result.losses[::every],
        evaluations=result.evaluations,
        restarts=result.restarts,
        seconds=round(result.seconds, 3),
        stop_reason=result.stop_reason,
        reason=result.reason,
        has_image=True,
    )


@lru_cache
def find_weights(path: str, sha256: str) -> Path:
    """Return a file of trained weights on this machine with that SHA-256: the one at a path, or the installed one.

    Raises WeightsError.
    """
    for candidate in (path, vgg19.find_default_weights()):
        if candidate and Path(candidate).is_file():
            with Path(candidate).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                    return Path(candidate)
    raise WeightsError(
        f"this worker has no file of the trained weights whose SHA-256 begins with {sha256[:8]}; copy {path!r} to it "
        f"and name the copy with ${vgg19.ENVIRONMENT_VARIABLE}"
    )
