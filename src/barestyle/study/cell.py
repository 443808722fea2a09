"""A cell of a study and its result: what the store keeps, and what tables, verdicts and reports read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from barestyle.spec import Spec
from barestyle.spec.validation import FrozenModel
from barestyle.stop_reasons import StopReason

CellState = Literal["waiting", "running", "done", "failed"]


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

    def to_data(self) -> dict[str, Any]:
        """Return the cell as plain dictionaries and lists; `Cell.model_validate` reads them."""
        return self.model_dump(mode="json")


class CellResult(FrozenModel):
    """The state of a cell, and its numbers once it has run.

    Attributes:
        cell: the cell.
        state: waiting, running, done or failed.
        number: of the store's entry for this cell, which has its image.
        scores: values by metric.
        trace: the loss at up to 100 evenly spaced iterates.
        evaluations: losses and gradients computed.
        restarts: attempts whose loss became infinite or NaN.
        seconds: duration of the run.
        stop_reason: code of why the optimization ended; None if the cell has not run, or failed outside of it.
        reason: a sentence on why the optimization ended, or why the cell failed.
    """

    model_config = ConfigDict(allow_inf_nan=True)  # a trace may end in an infinite loss

    cell: Cell
    state: CellState
    number: int = 0
    scores: dict[str, float] = Field(default_factory=dict)
    trace: tuple[float, ...] = ()
    evaluations: int = 0
    restarts: int = 0
    seconds: float = 0.0
    stop_reason: StopReason | None = None
    reason: str = ""

    @property
    def has_exploded(self) -> bool:
        """Whether a loss of the cell's run became infinite or NaN, even if a restart succeeded."""
        return self.restarts > 0 or (self.stop_reason is not None and self.stop_reason.is_explosion)

    def to_data(self) -> dict[str, Any]:
        """Return the numbers of a run, without the cell and the entry number, as plain dictionaries and lists."""
        return self.model_dump(mode="json", exclude={"cell", "number"})
