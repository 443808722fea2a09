"""Pooling between a network's convolutions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import FrozenModel


class MaxPooling(FrozenModel):
    """2x2 max-pooling after the named convolutions (and their ReLU), as in VGG-19."""

    kind: Literal["max"] = "max"
    after: tuple[Annotated[int, Field(ge=1)], ...] = (2, 4)


class AveragePooling(FrozenModel):
    """2x2 average-pooling after the named convolutions (Gatys et al. 2016 prefer it)."""

    kind: Literal["average"] = "average"
    after: tuple[Annotated[int, Field(ge=1)], ...] = (2, 4)


class NoPooling(FrozenModel):
    """No pooling (paper section 6.1)."""

    kind: Literal["none"] = "none"


Pooling = Annotated[MaxPooling | AveragePooling | NoPooling, Field(discriminator="kind")]


def check_pooling(pooling: MaxPooling | AveragePooling | NoPooling, depth: int) -> None:
    """Raise ValueError if `after` is empty, repeats a layer, or names a layer above which no layer follows."""
    if isinstance(pooling, NoPooling):
        return
    if not pooling.after or len(set(pooling.after)) < len(pooling.after) or max(pooling.after) >= depth:
        raise ValueError(
            f"pooling.after={list(pooling.after)} does not fit {depth} layers; name each layer once, "
            f"from 1 to {depth - 1} (pooling after the last layer has no effect), or set pooling=none"
        )
