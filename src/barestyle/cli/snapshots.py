"""`--save-every`: pictures of the way to the result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.atomic_files import write_atomically
from barestyle.errors import OutputError
from barestyle.images import check_distinct, encode

if TYPE_CHECKING:
    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress


class Snapshots:
    """Writes every n-th step's picture beside the output: out-00010.png beside out.png.

    Refuses, when it is made, to overwrite the pictures of an earlier run unless forced. Raises OutputError.
    """

    def __init__(self, output: Path, every: int, plan: Plan, *, force: bool) -> None:
        self._output = output
        self._every = every
        self._bits = plan.content.bits
        self._alpha = plan.content.alpha
        written = (path for path in output.parent.glob(f"*{output.suffix}") if is_snapshot(path.name, output))
        existing = sorted(written)
        check_distinct(existing, plan.files, what="an input, and --save-every would overwrite it")
        if existing and not force:
            raise OutputError(f"{str(existing[0])!r} exists; choose another name, or overwrite it with --force")

    def path(self, step: int) -> Path:
        """Where the picture of a step lies."""
        return self._output.with_name(f"{self._output.stem}-{step:05d}{self._output.suffix}")

    def __call__(self, progress: Progress) -> None:
        """Write this step's picture if it is its turn."""
        if progress.step and progress.step % self._every == 0:
            picture = encode(progress.picture(), self._alpha, self._output.suffix, bits=self._bits)
            write_atomically(self.path(progress.step), picture)


def is_snapshot(name: str, output: Path) -> bool:
    """Whether a file of that name may be the picture of a step on the way to an output."""
    return re.fullmatch(rf"{re.escape(output.stem)}-\d{{5,}}{re.escape(output.suffix)}", name) is not None
