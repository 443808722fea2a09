"""Restarts with other random weights after an explosion (paper section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from barestyle.errors import DivergedError
from barestyle.optimize.best_so_far import BestSoFar
from barestyle.optimize.iterate import ExplosionError, Iterate
from barestyle.optimize.resumable import State
from barestyle.stop_reasons import Ending, StopReason, explain


class Attempt(Protocol):
    """What can be restarted: a minimizer, or several in sequence."""

    best_so_far: BestSoFar | None
    ending: Ending

    def __iter__(self) -> Iterator[Iterate]: ...

    def state(self) -> State: ...

    def resume(self, state: State) -> None: ...


AttemptT = TypeVar("AttemptT", bound=Attempt)


class Restarts(Generic[AttemptT]):
    """Attempts, each with the next seed, until one does not explode.

    If two explosions in a row have exactly the same last finite loss, the seed has no effect; from then on attempts
    start from a perturbed image.

    Deviation: the paper names no limit to restarts; here there is one.
    """

    def __init__(self, start_attempt: Callable[[int, bool], AttemptT], seed: int, limit: int) -> None:
        """Take a function of a seed and of whether to perturb the start, the first seed, and the number of restarts."""
        self._start_attempt = start_attempt
        self._limit = limit
        self.seed = seed
        self.count = 0
        self.perturbed = False
        self.ending = explain(StopReason.UNFINISHED)
        self.evaluations = 0
        self._best_so_far: BestSoFar | None = None
        self.current: AttemptT | None = None
        self._last_losses: list[float | None] = []  # not the errors, whose frames hold the attempt and its images
        self._saved_attempt: State | None = None

    def state(self) -> State:
        """Return all that is needed to continue after the last iterate."""
        assert self.current is not None
        numbers = {name: getattr(self, name) for name in ("seed", "count", "perturbed", "evaluations")}
        return {**numbers, "last_losses": list(self._last_losses), "attempt": self.current.state()}

    def resume(self, state: State) -> None:
        """Restore a saved state; iteration continues after the saved iterate."""
        self.seed, self.count, self.perturbed = state["seed"], state["count"], state["perturbed"]
        self.evaluations, self._last_losses = state["evaluations"], list(state["last_losses"])
        self._saved_attempt = state["attempt"]

    @property
    def best_so_far(self) -> BestSoFar:
        """The best and the selected iterate of the current attempt. Raises LookupError before the first iterate."""
        if self._best_so_far is None:
            raise LookupError("nothing has been evaluated yet")
        return self._best_so_far

    def __iter__(self) -> Iterator[Iterate]:
        """Yield the iterates of all attempts. Raises DivergedError if the last allowed one explodes."""
        while True:
            self.current = current = self._start_attempt(self.seed, self.perturbed)
            if self._saved_attempt is not None:
                current.resume(self._saved_attempt)
                self._best_so_far, self._saved_attempt = current.best_so_far, None
            try:
                for iterate in current:
                    self._best_so_far, self.evaluations = current.best_so_far, iterate.evaluations
                    yield iterate
            except ExplosionError as explosion:
                if self.count == self._limit:
                    raise DivergedError(self._explain_failure(explosion)) from explosion
                self._last_losses.append(explosion.last_loss)
                if self._last_losses[-2:-1] == self._last_losses[-1:]:
                    self.perturbed = True
                self.count += 1
                self.seed += 1
                del current  # frees its images before the next attempt starts
                self.current = None
            else:
                self.ending = current.ending
                return

    def _explain_failure(self, explosion: ExplosionError) -> Ending:
        if self._limit == 0 and explosion.last_loss is None:
            return explain(StopReason.START_NOT_FINITE)
        return explain(StopReason.RESTARTS_EXHAUSTED, starts=self._limit + 1)
