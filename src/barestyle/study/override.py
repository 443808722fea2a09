"""A study as declared, with what was said on the command line on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from barestyle.errors import StudyError
from barestyle.spec.validation import sentence
from barestyle.study.declaration import Study


def varied(
    study: Study,
    *,
    size: int | None = None,
    steps: int | None = None,
    seeds: Sequence[int] | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    optimizers: Sequence[str] | None = None,
) -> Study:
    """The study with another size, seeds, pairs (content, style), steps of every optimizer, or fewer optimizers.

    Raises StudyError naming the value and what is allowed.
    """
    data: dict[str, Any] = study.model_dump(mode="json")
    if size is not None:
        data["size"] = size
    if seeds is not None:
        data["seeds"] = list(seeds)
    if pairs is not None:
        data["pairs"] = [{"content": content, "style": style} for content, style in pairs]
    if optimizers is not None:
        known = [optimizer.name for optimizer in study.optimizers]
        for name in optimizers:
            if name not in known:
                raise StudyError(f"study {study.study!r} has no optimizer {name!r}; its own are {', '.join(known)}")
        data["optimizers"] = [one for one in data["optimizers"] if one["name"] in optimizers]
    if steps is not None:
        for optimizer in data["optimizers"]:
            optimizer["set"]["optimizer.steps"] = steps
            for settings in optimizer["but"].values():
                settings.pop("optimizer.steps", None)
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise StudyError(f"study {study.study!r}: {sentence(Study, error)}") from None
