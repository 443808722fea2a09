"""At which sizes the picture is searched for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import Frozen

Count = Annotated[int, Field(ge=1)]


class SingleScale(Frozen):
    """At the result's size only, as in the paper."""

    kind: Literal["single"] = "single"


class CoarseToFine(Frozen):
    """First on small copies of both pictures, where steps are cheap, then on ever larger ones.

    Each of the `scales` is `factor` times the one before it, a side; the last is the result's size. What a scale has
    changed in the content is carried to the next one. The optimizer's `steps` are those of each smaller scale;
    the last one, which costs most, takes `finest_steps`.
    """

    kind: Literal["coarse-to-fine"] = "coarse-to-fine"
    scales: Annotated[int, Field(ge=2, le=8)] = 3
    factor: Annotated[float, Field(gt=1, le=4)] = 2.0
    finest_steps: Count = 20


Scales = Annotated[SingleScale | CoarseToFine, Field(discriminator="kind")]
