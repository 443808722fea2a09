"""A worker: runs the cells of a study, one after the other, until none is waiting."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from barestyle.errors import BarestyleError, DivergedError, SpecError, StorageError, StudyError
from barestyle.metrics import MetricInputs, compute, select
from barestyle.networks import vgg19
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from barestyle.run.result import Result
from barestyle.run.runner import run
from barestyle.spec import with_settings
from barestyle.study.cell import Cell, CellResult
from barestyle.study.expansion import needs_trained_weights
from barestyle.study.image_files import ImageFile, find_image
from barestyle.study.store import OBJECTIVES, Lease, Store

TRACE_LENGTH = 100
"""Most losses of a run that the store keeps, evenly spaced; the record in the image has all of them."""

POLL = 1.0
"""Seconds to wait for cells that are running elsewhere, which may be queued again."""

OnCell = Callable[[str, str], None]


def work(
    store: Store,
    *,
    weights: Path | None = None,
    on_cell: OnCell | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Run cells until none is waiting or running anywhere; return how many this worker has finished.

    Args:
        store: of the study.
        weights: file of trained VGG-19, by default the installed one; must be the file the study was declared with.
        on_cell: called with a cell's key and "done", or why it failed.
        should_stop: polled during every cell; when it returns True, the cell is queued again.

    Raises StudyError if the images or weights on this machine differ from those of the study.
    """
    _ = store.declaration
    resources = _find_resources(store, weights)
    finished = 0
    while not should_stop():
        lease = store.lease()
        if lease is None:
            if not any(result.state == "running" for result in store.read_results()):
                break
            time.sleep(POLL)
            continue
        if not resources.have_images_of(lease.cell):  # the study was declared again in the meantime
            resources = _find_resources(store, weights)
        with store.heartbeat(lease):
            finished += _run_and_store(store, lease, resources, should_stop, on_cell or _ignore)
    return finished


@dataclass(frozen=True)
class Resources:
    """What the cells of a declaration need on this machine: images by name, trained weights, and metrics."""

    images: dict[str, ImageFile]
    weights: Path | None
    metrics: Sequence[str]

    def have_images_of(self, cell: Cell) -> bool:
        """Return whether both images of a cell are included."""
        return {cell.content, cell.style} <= self.images.keys()


def _find_resources(store: Store, weights: Path | None) -> Resources:
    """Raises StudyError if something on this machine differs from what the study was declared with."""
    images = {
        name: _find_same_image(name, declared) for name, declared in sorted(store.read_attribute("images").items())
    }
    metrics = list(dict.fromkeys([*store.read_attribute("metrics"), *OBJECTIVES]))
    return Resources(images, _find_same_weights(weights, store.read_attribute("weights")), metrics)


def _ignore(_key: str, _outcome: str) -> None:
    """Do nothing when a cell ends."""


def _run_and_store(
    store: Store, lease: Lease, resources: Resources, should_stop: Callable[[], bool], on_cell: OnCell
) -> bool:
    """Run one cell and store its result; return whether this worker has finished it."""
    key = lease.cell.key
    try:
        result, plan = _run_cell(lease.cell, resources, should_stop)
        if result.interrupted:
            store.release(lease)
            return False
        scored = _score(lease.cell, result, plan, resources)
        with TemporaryDirectory() as folder:
            is_stored = store.complete(lease, scored, result.save(Path(folder) / "result.png"))
    except StorageError:
        raise  # not the cell's fault: without heartbeats it is queued again
    except Exception as error:  # noqa: BLE001  # a failed cell does not stop the others
        reason = str(error) if isinstance(error, BarestyleError) else f"{type(error).__name__}: {error}"
        store.fail(lease, reason, error.stop_reason if isinstance(error, DivergedError) else None)
        on_cell(key, reason)
        return True
    on_cell(key, "done" if is_stored else "given to another worker, because this one was silent for too long")
    return is_stored


def _run_cell(cell: Cell, resources: Resources, should_stop: Callable[[], bool]) -> tuple[Result, Plan]:
    spec = cell.spec
    if resources.weights is not None and needs_trained_weights(spec):
        spec = with_settings(spec, {"network.trained_file": str(resources.weights)})
    content, style = resources.images[cell.content].path, resources.images[cell.style].path
    plan = prepare(Request(content, style, spec, seed=cell.seed, precision="float32"))
    return run(plan, should_stop=should_stop), plan


def _score(cell: Cell, result: Result, plan: Plan, resources: Resources) -> CellResult:
    """Return what the store keeps of a run. Raises SpecError if one of the OBJECTIVES has no finite value."""
    inputs = MetricInputs(result.image, plan.content.pixels, plan.style.pixels, resources.weights)
    score = compute(inputs, select(resources.metrics))
    for name in OBJECTIVES:
        if name not in score.values:
            raise SpecError(f"metric {name} has no value for this image ({score.left_out[name]})")
    every = max(1, -(-len(result.losses) // TRACE_LENGTH))
    return CellResult(
        cell=cell,
        state="done",
        scores=score.values,
        trace=result.losses[::every],
        evaluations=result.evaluations,
        restarts=result.restarts,
        seconds=round(result.seconds, 3),
        stop_reason=result.stop_reason,
        reason=result.reason,
    )


def _find_same_weights(weights: Path | None, declared: str | None) -> Path | None:
    """Return the file with the declared SHA-256; None if the study has no weights, even if some are installed."""
    if declared is None:
        return None
    path = vgg19.find_weights(None if weights is None else str(weights))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != declared:
        raise StudyError(
            f"{str(path)!r} is not the weights file that the study was declared with (its SHA-256 begins with "
            f"{digest[:8]}, not {declared[:8]}); give the declared one with --trained FILE"
        )
    return path


def _find_same_image(name: str, declared: dict[str, str]) -> ImageFile:
    image = find_image(name)
    if image.sha256 != declared["sha256"]:
        raise StudyError(
            f"image {name!r} is not the file that the study was declared with (its SHA-256 begins with "
            f"{image.sha256[:8]}, not {declared['sha256'][:8]}); restore that file, or run the study again to declare "
            "the new one"
        )
    return image
