"""Asking several processes in turn, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Timing:
    """Seconds of each repetition, and the peak memory in bytes."""

    seconds: tuple[float, ...]
    peak: int

    @property
    def median(self) -> float:
        """Seconds of the middle repetition."""
        return median(self.seconds)


@dataclass(frozen=True)
class Ratio:
    """How many times quicker, from repetitions side by side: the median, the least and the most."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def ratio(slow: Timing, quick: Timing) -> Ratio:
    """Of two timings of one contest."""
    each = [a / b for a, b in zip(slow.seconds, quick.seconds, strict=True)]
    return Ratio(median(each), min(each), max(each))


class Contestant:
    """A worker process; see benchmarks.worker."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(description)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line that it writes. Raises RuntimeError where it ended instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._close()
            raise RuntimeError(f"a benchmark's process ended with {code}")
        found: dict[str, Any] = json.loads(line)
        return found

    def once(self) -> float:
        """Seconds that its work takes once."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self.answer()["seconds"])

    def end(self) -> int:
        """Its peak memory, in bytes."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        peak = int(self.answer()["peak"])
        self._process.wait()
        self._close()
        return peak

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


def contest(descriptions: dict[str, dict[str, Any]], repetitions: int) -> dict[str, Timing]:
    """Time all of them in turn, so many times."""
    contestants = {name: Contestant(description) for name, description in descriptions.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repetitions):
        for name, contestant in contestants.items():
            seconds[name].append(contestant.once())
    return {name: Timing(tuple(seconds[name]), contestant.end()) for name, contestant in contestants.items()}
