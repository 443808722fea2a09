"""`--film`: the way to the result as a film."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.errors import OutputError

if TYPE_CHECKING:
    from torch import Tensor

    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress
    from barestyle.video import VideoWriter

FRAMES = 250
"""At most about so many: ten seconds."""


def check(film: Path, output: Path, *, force: bool, inputs: Iterable[Path], save_every: int | None) -> None:
    """Refuse, before any work, a film that could not be written, or that is another file of the run."""
    from barestyle.cli.snapshots import is_snapshot
    from barestyle.images import check_distinct
    from barestyle.run.record import sidecar
    from barestyle.video import check_video

    check_video(film, force=force)
    check_distinct([film], (output, sidecar(output), *inputs), what="another file of the run")
    if save_every and film.parent.resolve() == output.parent.resolve() and is_snapshot(film.name, output):
        raise OutputError(f"the film {str(film)!r} has the name of a picture of --save-every; choose another name")


class Filming:
    """Takes the frames of a run: about evenly over its steps, and the result at the end."""

    def __init__(self, film: VideoWriter, plan: Plan) -> None:
        self._film = film
        self._every = max(1, plan.steps // FRAMES)
        self._is_over = False

    def __call__(self, progress: Progress) -> None:
        """A frame, if it is its turn."""
        if progress.step % self._every == 0 and not self._is_over:
            self._take(progress.picture())

    def end(self, image: Tensor) -> None:
        """The last frame, (1, 3, H, W)."""
        if not self._is_over:
            self._take(image)

    def _take(self, image: Tensor) -> None:
        try:
            self._film.add(image)
        except OutputError as error:
            self._is_over = True
            warnings.warn(f"{error}; the run goes on, without a film", stacklevel=2)


@contextmanager
def filmed(path: Path | None, plan: Plan, *, force: bool) -> Iterator[Filming | None]:
    """What takes the frames of a run; the film is there when it is left, and nothing of it after an error."""
    if path is None:
        yield None
        return
    from barestyle.video import VideoWriter

    with VideoWriter(path, *plan.size, force=force) as film:
        yield Filming(film, plan)
