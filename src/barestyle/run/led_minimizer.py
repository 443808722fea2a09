"""The minimizer of a scale that is too small to be split: the first process runs it, and the others are told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from barestyle.distributed import ProcessGroup
from barestyle.hardware.threads import use_threads
from barestyle.optimize import BestSoFar, ExplosionError, Iterate, Minimizer, State, WarmStart
from barestyle.stop_reasons import Ending, StopReason, explain


@dataclass(frozen=True)
class Message:
    """What the first process tells the others after an iterate, or at the end.

    Attributes:
        iterate: numbers of the iterate, without its image; None at the end.
        is_best: whether its loss is the lowest so far.
        ending: why the minimizer ended; None before.
        explosion: what it raised, or None.
    """

    iterate: State | None = None
    is_best: bool = False
    ending: Ending | None = None
    explosion: ExplosionError | None = None


class LedMinimizer:
    """A minimizer with the interface of `Minimizer` that runs on the first process of a group.

    It computes with the threads of all processes on its machine, as they wait for it. On the other processes the
    iterates have the same numbers, and images without content: only the first process has the pixels.

    Args:
        minimizer: on the first process; None on the others.
        group: the processes.
        start: the image (1, 3, h, w) that it starts from.
    """

    def __init__(self, minimizer: Minimizer | None, group: ProcessGroup, start: Tensor) -> None:
        self._minimizer = minimizer
        self._group = group
        self._blank = start.new_zeros(1).expand(start.shape)
        self._ending = explain(StopReason.UNFINISHED)
        self._best: BestSoFar | None = None

    @property
    def best_so_far(self) -> BestSoFar | None:
        """The best and the selected iterate."""
        return self._best if self._minimizer is None else self._minimizer.best_so_far

    @property
    def ending(self) -> Ending:
        """Why it ended."""
        return self._ending if self._minimizer is None else self._minimizer.ending

    @property
    def warm_start(self) -> WarmStart | None:
        """What it has learned, on the first process."""
        return None if self._minimizer is None else self._minimizer.warm_start

    def state(self) -> State:
        """Return all that another one of the same process needs to continue after the last iterate."""
        if self._minimizer is not None:
            return self._minimizer.state()
        best = None if self._best is None else {**self._best.best.state(), "image": None}
        return {"best": best}

    def resume(self, state: State) -> None:
        """Restore a saved state; one of the first process can be restored on any, and is complete there only."""
        if self._minimizer is not None:
            self._minimizer.resume(state)
            return
        best = state["best_so_far"]["best"] if "best_so_far" in state else state["best"]
        if best is not None:
            iterate = Iterate(**{**best, "image": self._blank})
            self._best = BestSoFar(iterate, iterate)

    def __iter__(self) -> Iterator[Iterate]:
        """Yield every iterate. Raises ExplosionError on all processes."""
        return self._follow() if self._minimizer is None else self._lead(self._minimizer)

    def _lead(self, minimizer: Minimizer) -> Iterator[Iterate]:
        iterates = iter(minimizer)
        while True:
            try:
                with use_threads(count_threads(self._group)):
                    iterate = next(iterates, None)
            except ExplosionError as explosion:
                self._group.broadcast_value(Message(explosion=explosion))
                raise
            if iterate is None:
                self._group.broadcast_value(Message(ending=minimizer.ending))
                return
            assert minimizer.best_so_far is not None
            numbers = {name: value for name, value in iterate.state().items() if name != "image"}
            self._group.broadcast_value(Message(numbers, minimizer.best_so_far.best is iterate))
            yield iterate

    def _follow(self) -> Iterator[Iterate]:
        while True:
            message: Message = self._group.broadcast_value(None)
            if message.explosion is not None:
                raise message.explosion
            if message.iterate is None:
                assert message.ending is not None
                self._ending = message.ending
                return
            iterate = Iterate(**message.iterate, image=self._blank)
            if message.is_best or self._best is None:
                self._best = BestSoFar(iterate, iterate)
            yield iterate


def count_threads(group: ProcessGroup) -> int:
    """Return the threads of all processes of a group on this machine, at most one for each processor.

    One process that repeats their run with as many has the same small scales, bit for bit.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min(torch.get_num_threads() * group.local_size, available), torch.get_num_threads())
