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
    optimisers: Sequence[str] | None = None,
) -> Study:
    """The study with another size, seeds, pairs (content, style), steps of every optimiser, or fewer optimisers.

    Raises StudyError naming the value and what is allowed.
    """
    data: dict[str, Any] = study.model_dump(mode="json")
    if size is not None:
        data["size"] = size
    if seeds is not None:
        data["seeds"] = list(seeds)
    if pairs is not None:
        data["pairs"] = [{"content": content, "style": style} for content, style in pairs]
    if optimisers is not None:
        known = [optimiser.name for optimiser in study.optimisers]
        for name in optimisers:
            if name not in known:
                raise StudyError(f"study {study.study!r} has no optimiser {name!r}; its own are {', '.join(known)}")
        data["optimisers"] = [one for one in data["optimisers"] if one["name"] in optimisers]
    if steps is not None:
        for optimiser in data["optimisers"]:
            optimiser["set"]["optimiser.steps"] = steps
            for settings in optimiser["but"].values():
                settings.pop("optimiser.steps", None)
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise StudyError(f"study {study.study!r}: {sentence(Study, error)}") from None
