"""Starting again with other filters when a search explodes (paper section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from barestyle.errors import DivergedError
from barestyle.optimise.iterate import ExplosionError, Iterate
from barestyle.optimise.loop import Search


class Restarts:
    """Searches one after the other until one does not explode.

    Each attempt gets the next seed. Two explosions in a row that had exactly the same last finite loss mean
    that the seed changes nothing; from then on attempts start from a perturbed picture.

    Deviation: the paper names no limit to restarts; here there is one, and a remedy for the error at its end.
    """

    def __init__(self, attempt: Callable[[int, bool], Search], seed: int, limit: int, remedy: str) -> None:
        self._attempt = attempt
        self._limit = limit
        self._remedy = remedy
        self.seed = seed
        self.count = 0
        self.perturbed = False
        self.reason = ""
        self.evaluations = 0
        self._kept: Iterate | None = None
        self._best: Iterate | None = None

    @property
    def kept(self) -> Iterate:
        """The iterate to show so far; there is one as soon as anything was yielded."""
        if self._kept is None:
            raise LookupError("nothing has been evaluated yet")
        return self._kept

    @property
    def best(self) -> Iterate:
        """The iterate of the lowest loss in this attempt; there is one as soon as anything was yielded."""
        if self._best is None:
            raise LookupError("nothing has been evaluated yet")
        return self._best

    def __iter__(self) -> Iterator[Iterate]:
        """The iterates of all attempts. Raises DivergedError when the last allowed one explodes."""
        last_losses: list[float | None] = []  # not the errors, whose frames hold the search and all its images
        while True:
            search = self._attempt(self.seed, self.perturbed)
            try:
                for iterate in search:
                    self._kept, self._best, self.evaluations = search.kept, search.best, iterate.evaluations
                    yield iterate
            except ExplosionError as explosion:
                if self.count == self._limit:
                    raise DivergedError(self._sentence()) from explosion
                last_losses.append(explosion.last_loss)
                if last_losses[-2:-1] == last_losses[-1:]:
                    self.perturbed = True
                self.count += 1
                self.seed += 1
                del search  # its images would stay while the next attempt is made
            else:
                self.reason = search.reason
                return

    def _sentence(self) -> str:
        tries = f"at each of {self._limit + 1} starts" if self._limit else "at its only start"
        return f"the loss became infinite or NaN {tries}; {self._remedy}"
