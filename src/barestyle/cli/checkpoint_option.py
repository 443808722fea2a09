"""`--checkpoint`: where a run writes its checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.errors import OutputError

if TYPE_CHECKING:
    from barestyle.run.checkpoint import CheckpointConfig


def checkpoint_for(output: Path, every: int, *, force: bool) -> CheckpointConfig:
    """Return where and how often a new run writes its checkpoint.

    Raise OutputError if there is a checkpoint of an earlier run and no `force`, or if it could not be written.
    """
    from barestyle.atomic_files import check_writable
    from barestyle.run.checkpoint import CheckpointConfig, path_for

    path = path_for(output)
    if path.is_dir():
        raise OutputError(f"the checkpoint {str(path)!r} is a folder; choose another name for the output")
    if path.exists() and not force:
        raise OutputError(
            f"{str(path)!r} exists, from a run that did not finish; continue it with `barestyle resume {output}`, "
            "or start over with --force"
        )
    check_writable(path)
    return CheckpointConfig(path, every)
