"""A run's two output files, the picture and its record. This module does not import torch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from barestyle.atomic_files import check_writable
from barestyle.errors import OutputError
from barestyle.images.output import check_distinct
from barestyle.images.output import check_output as check_image_output

KIND: Literal["barestyle-record"] = "barestyle-record"
"""What a record says that it is."""


def sidecar(output: Path) -> Path:
    """Return the path of an output's record: out.png.json for out.png."""
    return output.with_name(output.name + ".json")


def check_output(output: Path, *, force: bool, inputs: Iterable[Path] = ()) -> None:
    """Refuse, before any work, an output that cannot be written with its record, or that is an input.

    `force` allows overwriting an earlier result. Raises OutputError.
    """
    check_image_output(output, force=force)
    record = sidecar(output)
    check_writable(record)
    check_distinct((output, record), inputs)
    if record.is_dir():
        raise OutputError(f"{str(record)!r}, the path of the record, is a folder; choose another name")
    if record.exists() and not force:
        raise OutputError(f"{str(record)!r} exists; choose another name, or overwrite it with --force")


def is_record(path: Path) -> bool:
    """Return whether a file is a record; other programs, too, write files like photo.jpg.json beside photographs."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("kind") == KIND
