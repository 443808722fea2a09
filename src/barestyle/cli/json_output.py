"""JSON for other programs: one object on one line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from barestyle.cli.execute import Outcome


def print_json(data: Mapping[str, Any], *, file: TextIO | None = None) -> None:
    """Print an object as one line, by default on standard output. Numbers that JSON does not have become null."""
    print(json.dumps(_replace_non_finite(data), allow_nan=False), file=file, flush=True)


def _replace_non_finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {name: _replace_non_finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_non_finite(part) for part in value]
    return value


def describe_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return the fields that describe a run and its saved image; the guide "Pipes and programs" documents them."""
    from barestyle.run.output_files import sidecar

    result = outcome.result
    return {
        "output": str(outcome.path),
        "record": str(sidecar(outcome.path)),
        "width": result.record.width,
        "height": result.record.height,
        "evaluations": result.evaluations,
        "seconds": result.seconds,
        "loss": result.losses[-1],
        "restarts": result.restarts,
        "interrupted": result.interrupted,
        "stop_reason": result.stop_reason,
        "reason": result.reason,
        "checkpoint": None if outcome.checkpoint is None else str(outcome.checkpoint),
        "error": None if outcome.error is None else str(outcome.error),
    }
