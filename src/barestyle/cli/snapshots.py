"""`--save-every`: images of intermediate steps."""

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
    """Writes the image of every N-th step beside the output: out-00010.png beside out.png.

    Raises OutputError, before any work, if that could replace an input, or, without `force`, a snapshot of an earlier
    run.
    """

    def __init__(self, output: Path, every: int, plan: Plan, *, force: bool) -> None:
        self._output = output
        self._every = every
        self._bits = plan.content.bits
        self._alpha = plan.content.alpha
        neighbors = sorted(output.parent.glob(f"*{output.suffix}"))
        existing = [path for path in neighbors if is_snapshot(path.name, output)]
        check_distinct(existing, plan.files, what="an input, and --save-every would overwrite it")
        if existing and not force:
            raise OutputError(f"{str(existing[0])!r} exists; choose another name, or overwrite it with --force")

    def path(self, step: int) -> Path:
        """Return the file of a step's image."""
        return self._output.with_name(f"{self._output.stem}-{step:05d}{self._output.suffix}")

    def __call__(self, progress: Progress) -> None:
        """Write the current image if the step is a multiple of N."""
        if progress.step and progress.step % self._every == 0:
            image = encode(progress.picture(), self._alpha, self._output.suffix, bits=self._bits)
            write_atomically(self.path(progress.step), image)


def is_snapshot(name: str, output: Path) -> bool:
    """Return whether a file name could be a snapshot's on the way to `output`."""
    return re.fullmatch(rf"{re.escape(output.stem)}-\d{{5,}}{re.escape(output.suffix)}", name) is not None
