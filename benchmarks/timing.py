"""Time several processes in turn, so that other load on the machine affects all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Timing:
    """The seconds of each repetition, and the peak memory in bytes."""

    seconds: tuple[float, ...]
    peak: int

    @property
    def median(self) -> float:
        """The median of the seconds."""
        return median(self.seconds)


@dataclass(frozen=True)
class Ratio:
    """A speedup from paired repetitions: median, minimum and maximum."""

    median: float
    minimum: float
    maximum: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.minimum:.2f} to {self.maximum:.2f})"


def compute_ratio(slow: Timing, fast: Timing) -> Ratio:
    """Return the speedup between two timings whose repetitions were made in turn."""
    ratios = [a / b for a, b in zip(slow.seconds, fast.seconds, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


class WorkerProcess:
    """A process that repeats one piece of work on request; see benchmarks.worker."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(description)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def _read(self) -> dict[str, Any]:
        """Return the next line of its output. Raises RuntimeError if it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._close()
            raise RuntimeError(f"a benchmark process ended with exit code {code}")
        message: dict[str, Any] = json.loads(line)
        return message

    def time_once(self) -> float:
        """Do the work once and return its seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._read()["seconds"])

    def stop(self) -> int:
        """End the process and return its peak memory in bytes."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        peak = int(self._read()["peak"])
        self._process.wait()
        self._close()
        return peak

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


def time_in_turn(descriptions: dict[str, dict[str, Any]], repetitions: int) -> dict[str, Timing]:
    """Time all workers in turn; each description starts one, see benchmarks.worker."""
    workers = {name: WorkerProcess(description) for name, description in descriptions.items()}
    seconds: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(repetitions):
        for name, worker in workers.items():
            seconds[name].append(worker.time_once())
    return {name: Timing(tuple(seconds[name]), worker.stop()) for name, worker in workers.items()}
