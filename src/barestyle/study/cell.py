"""A cell of a study and its result: what workers return, the store keeps, and tables and reports read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from barestyle.spec import Spec
from barestyle.spec.validation import FrozenModel
from barestyle.stop_reasons import StopReason

CellState = Literal["waiting", "done", "failed"]

FailureCode = Literal["exploded", "invalid", "worker-lost", "error"]
"""Why a cell failed: its loss became infinite or NaN, barestyle refused it, its workers ended without an answer, or
another exception was raised."""


class Cell(FrozenModel):
    """One run of a study: a spec on a content and a style image with a seed.

    Attributes:
        key: a hash of everything that the result depends on. Two variants with the same spec share their cells,
            and an extended study repeats none; see `expansion.cell_key`.
        content, style: the images, by their names in the study.
        spec: the spec to run.
        seed: of the network's filters.
        names: every variant@optimizer that this cell belongs to, for messages and tables.
    """

    key: str
    content: str
    style: str
    spec: Spec
    seed: int
    names: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """The names without their optimizers, each once."""
        return tuple(dict.fromkeys(name.partition("@")[0] for name in self.names))


class CellResult(FrozenModel):
    """The state of a cell, and its numbers once it has run.

    Attributes:
        cell: the cell.
        state: waiting, done or failed.
        scores: values by metric.
        trace: the loss at up to 100 evenly spaced iterates.
        evaluations: losses and gradients computed.
        restarts: attempts whose loss became infinite or NaN.
        seconds: duration of the run, without its metrics.
        stop_reason: code of why the optimization ended; None if the cell has not run, or failed outside of it.
        failure: code of why the cell failed, or None.
        reason: a sentence on why the optimization ended, or why the cell failed.
        has_image: whether the store has the cell's image. An exported study may leave images out.
    """

    model_config = ConfigDict(allow_inf_nan=True)  # a trace may end in an infinite loss

    cell: Cell
    state: CellState
    scores: dict[str, float] = Field(default_factory=dict)
    trace: tuple[float, ...] = ()
    evaluations: int = 0
    restarts: int = 0
    seconds: float = 0.0
    stop_reason: StopReason | None = None
    failure: FailureCode | None = None
    reason: str = ""
    has_image: bool = False

    @property
    def has_exploded(self) -> bool:
        """Whether a loss of the cell's run became infinite or NaN, even if a restart succeeded."""
        return self.restarts > 0 or (self.stop_reason is not None and self.stop_reason.is_explosion)

    def to_data(self) -> dict[str, Any]:
        """Return the result as plain dictionaries and lists, with the cell's names in place of its whole spec."""
        cell = {
            "key": self.cell.key,
            "content": self.cell.content,
            "style": self.cell.style,
            "seed": self.cell.seed,
            "spec": self.cell.spec.digest,
            "names": list(self.cell.names),
        }
        return {"cell": cell, **self.model_dump(mode="json", exclude={"cell"})}
