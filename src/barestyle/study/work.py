"""Working through a study's cells, one after the other, until none is left."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from barestyle.errors import BarestyleError, DivergedError, SpecError, StorageError, StudyError
from barestyle.metrics import MetricInputs, compute, select
from barestyle.networks import vgg19 as pretrained
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from barestyle.run.result import Result
from barestyle.run.runner import run
from barestyle.spec import Spec, with_settings
from barestyle.study.image_files import PictureFile, find
from barestyle.study.storage import OBJECTIVES
from barestyle.study.store import Claim, Store

TRACE = 100
"""Losses of a run that the store keeps, evenly spaced; the picture's own record has them all."""

WAIT = 1.0
"""Seconds between looks for a cell while others are at work, whose cells may come back."""

OnCell = Callable[[str, str], None]


def work(
    store: Store,
    *,
    weights: Path | None = None,
    on_cell: OnCell | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Run waiting cells until none is waiting or running anywhere; returns how many this worker finished.

    Args:
        weights: trained VGG-19, the one at hand by default; it has to be what the study was declared with.
        on_cell: called with a cell's key and "done" or a reason.
        should_stop: asked during every cell; the cell is then put back.

    Raises StudyError where the pictures or weights on this machine are not those of the study.
    """
    _ = store.declaration
    needed = _needed(store, weights)
    finished = 0
    while not should_stop():
        claim = store.claim()
        if claim is None:
            if not any(row.state == "running" for row in store.rows()):
                break
            time.sleep(WAIT)
            continue
        if not needed.serves(claim):  # the study was declared anew meanwhile
            needed = _needed(store, weights)
        with store.alive(claim):
            finished += _cell(store, claim, needed, should_stop, on_cell)
    return finished


@dataclass(frozen=True)
class _Needed:
    """What the cells of a declaration need, and this machine has: pictures by name, weights, metrics."""

    pictures: dict[str, PictureFile]
    weights: Path | None
    metrics: Sequence[str]

    def serves(self, claim: Claim) -> bool:
        return {claim.attributes["content"], claim.attributes["style"]} <= self.pictures.keys()


def _needed(store: Store, weights: Path | None) -> _Needed:
    """Raises StudyError where something here is not what the study was declared with."""
    pictures = {name: _same_picture(name, declared) for name, declared in sorted(store.attribute("pictures").items())}
    metrics = list(dict.fromkeys([*store.attribute("metrics"), *OBJECTIVES]))
    return _Needed(pictures, _same_weights(weights, store.attribute("weights")), metrics)


def _cell(
    store: Store,
    claim: Claim,
    needed: _Needed,
    should_stop: Callable[[], bool],
    on_cell: OnCell | None,
) -> bool:
    """One cell; whether it was finished by this worker."""
    said = on_cell or (lambda _key, _word: None)
    key = claim.attributes["cell"]
    try:
        result, plan = _painted(claim, needed, should_stop)
        if result.interrupted:
            store.release(claim)
            return False
        found, values = _found(result, plan, needed)
        with TemporaryDirectory() as folder:
            picture = result.save(Path(folder) / "picture.png")
            done = store.complete(claim, values, found, picture)
    except StorageError:
        raise  # the cell is not to blame: unheard of, it goes back into the queue
    except Exception as error:  # noqa: BLE001  # one cell never stops the others
        reason = str(error) if isinstance(error, BarestyleError) else f"{type(error).__name__}: {error}"
        store.fail(claim, reason, error.stop_reason if isinstance(error, DivergedError) else None)
        said(key, reason)
        return True
    said(key, "done" if done else "taken over by another worker, as this one was silent too long")
    return done


def _painted(claim: Claim, needed: _Needed, should_stop: Callable[[], bool]) -> tuple[Result, Plan]:
    attributes = claim.attributes
    spec = Spec.from_data(attributes["spec"])
    if needed.weights is not None and getattr(spec.network, "is_trained", False):
        spec = with_settings(spec, {"network.trained_file": str(needed.weights)})
    content, style = (needed.pictures[attributes[name]].path for name in ("content", "style"))
    plan = prepare(Request(content, style, spec, seed=attributes["seed"], precision="float32"))
    return run(plan, should_stop=should_stop), plan


def _found(result: Result, plan: Plan, needed: _Needed) -> tuple[dict[str, Any], list[float]]:
    """What the store keeps of a result, and its values for Optuna. Raises SpecError where one is no number."""
    judged = MetricInputs(result.image, plan.content.pixels, plan.style.pixels, needed.weights)
    found = compute(judged, select(needed.metrics))
    scores = found.values
    for name in OBJECTIVES:
        if name not in scores:
            raise SpecError(f"metric {name} has no value for this picture ({found.left_out[name]})")
    every = max(1, -(-len(result.losses) // TRACE))
    kept = {
        "scores": scores,
        "trace": list(result.losses[::every]),
        "evaluations": result.evaluations,
        "restarts": result.restarts,
        "seconds": round(result.seconds, 3),
        "stop_reason": result.stop_reason,
        "reason": result.reason,
    }
    return kept, [scores[name] for name in OBJECTIVES]


def _same_weights(named: Path | None, declared: str | None) -> Path | None:
    """The study's trained weights on this machine; None where it has none, whatever is at hand."""
    if declared is None:
        return None
    path = pretrained.find(None if named is None else str(named))
    with path.open("rb") as file:
        here = hashlib.file_digest(file, "sha256").hexdigest()
    if here != declared:
        raise StudyError(
            f"{str(path)!r} is not the weights file that the study was declared with (its SHA-256 begins {here[:8]}, "
            f"not {declared[:8]}); name that one with --trained FILE"
        )
    return path


def _same_picture(name: str, declared: dict[str, str]) -> PictureFile:
    here = find(name)
    if here.sha256 != declared["sha256"]:
        raise StudyError(
            f"picture {name!r} is not the one that the study was declared with (its SHA-256 begins "
            f"{here.sha256[:8]}, not {declared['sha256'][:8]}); put that file there, or declare a new study"
        )
    return here
