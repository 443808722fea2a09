"""Overrides of a study's fields, as given on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from barestyle.errors import StudyError
from barestyle.spec.validation import format_error
from barestyle.study.declaration import Optimizer, Pair, Study


def override(
    study: Study,
    *,
    size: int | None = None,
    steps: int | None = None,
    seeds: Sequence[int] | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    optimizers: Sequence[str] | None = None,
) -> Study:
    """Return the study with other values for what is not None.

    Args:
        study: the study.
        size: long side of the results in pixels.
        steps: of every optimizer.
        seeds: of the networks.
        pairs: content and style images.
        optimizers: names of the study's optimizers to keep.

    Raises StudyError or SpecError naming the value and what is allowed.
    """
    changes: dict[str, Any] = {}
    if size is not None:
        changes["size"] = size
    if seeds is not None:
        changes |= {"seeds": tuple(seeds), "variant_seeds": {}}
    if pairs is not None:
        changes["pairs"] = tuple(Pair(content=content, style=style) for content, style in pairs)
        changes["looks"] = tuple(look for look in study.looks if look <= len(changes["pairs"]))
    selected = study.optimizers if optimizers is None else _select(study, optimizers)
    changes["optimizers"] = selected if steps is None else tuple(_with_steps(each, steps) for each in selected)
    try:
        return Study.model_validate({**dict(study), **changes})  # nested models are kept as they are
    except ValidationError as error:
        raise StudyError(f"study {study.study!r}: {format_error(Study, error)}") from None


def _select(study: Study, names: Sequence[str]) -> tuple[Optimizer, ...]:
    known = [optimizer.name for optimizer in study.optimizers]
    for name in names:
        if name not in known:
            raise StudyError(f"study {study.study!r} has no optimizer {name!r}; its optimizers are {', '.join(known)}")
    return tuple(optimizer for optimizer in study.optimizers if optimizer.name in names)


def _with_steps(optimizer: Optimizer, steps: int) -> Optimizer:
    """Return the optimizer with so many steps for every variant."""
    overrides = {
        variant: {field: value for field, value in settings.items() if field != "optimizer.steps"}
        for variant, settings in optimizer.overrides.items()
    }
    return optimizer.model_copy(update={"set": {**optimizer.set, "optimizer.steps": steps}, "overrides": overrides})
