"""Starting again with other filters when a search explodes (paper section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from barestyle.errors import DivergedError
from barestyle.optimize.best_so_far import BestSoFar
from barestyle.optimize.iterate import ExplosionError, Iterate
from barestyle.optimize.resumable import State
from barestyle.stop_reasons import Ending, StopReason, explain


class Attempt(Protocol):
    """What can be started again: a Search, or several that follow each other."""

    best_so_far: BestSoFar | None
    ending: Ending

    def __iter__(self) -> Iterator[Iterate]: ...

    def state(self) -> State: ...

    def resume(self, state: State) -> None: ...


AttemptT = TypeVar("AttemptT", bound=Attempt)


class Restarts(Generic[AttemptT]):
    """Attempts one after the other until one does not explode.

    Each attempt gets the next seed. Two explosions in a row that had exactly the same last finite loss mean
    that the seed changes nothing; from then on attempts start from a perturbed picture.

    Deviation: the paper names no limit to restarts; here there is one.
    """

    def __init__(self, attempt: Callable[[int, bool], AttemptT], seed: int, limit: int) -> None:
        self._attempt = attempt
        self._limit = limit
        self.seed = seed
        self.count = 0
        self.perturbed = False
        self.ending = explain(StopReason.UNFINISHED)
        self.evaluations = 0
        self._best_so_far: BestSoFar | None = None
        self.current: AttemptT | None = None
        self._last_losses: list[float | None] = []  # not the errors, whose frames hold the search and all its images
        self._resumed: State | None = None

    def state(self) -> State:
        """Everything that is needed to go on from the iterate that was yielded last."""
        assert self.current is not None
        numbers = {name: getattr(self, name) for name in ("seed", "count", "perturbed", "evaluations")}
        return {**numbers, "last_losses": list(self._last_losses), "attempt": self.current.state()}

    def resume(self, state: State) -> None:
        """Go on, when iterated over, behind the iterate after which another one had this state."""
        self.seed, self.count, self.perturbed = state["seed"], state["count"], state["perturbed"]
        self.evaluations, self._last_losses = state["evaluations"], list(state["last_losses"])
        self._resumed = state["attempt"]

    @property
    def best_so_far(self) -> BestSoFar:
        """The best and the selected iterate of the current attempt. Raises LookupError before the first iterate."""
        if self._best_so_far is None:
            raise LookupError("nothing has been evaluated yet")
        return self._best_so_far

    def __iter__(self) -> Iterator[Iterate]:
        """The iterates of all attempts. Raises DivergedError when the last allowed one explodes."""
        while True:
            self.current = current = self._attempt(self.seed, self.perturbed)
            if self._resumed is not None:
                current.resume(self._resumed)
                self._best_so_far, self._resumed = current.best_so_far, None
            try:
                for iterate in current:
                    self._best_so_far, self.evaluations = current.best_so_far, iterate.evaluations
                    yield iterate
            except ExplosionError as explosion:
                if self.count == self._limit:
                    raise DivergedError(self._ending_of(explosion)) from explosion
                self._last_losses.append(explosion.last_loss)
                if self._last_losses[-2:-1] == self._last_losses[-1:]:
                    self.perturbed = True
                self.count += 1
                self.seed += 1
                del current  # its images would stay while the next attempt is made
                self.current = None
            else:
                self.ending = current.ending
                return

    def _ending_of(self, explosion: ExplosionError) -> Ending:
        if self._limit == 0 and explosion.last_loss is None:
            return explain(StopReason.START_NOT_FINITE)
        return explain(StopReason.RESTARTS_EXHAUSTED, starts=self._limit + 1)
