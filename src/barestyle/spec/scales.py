"""The sizes at which the result is optimized."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import Count, FrozenModel


class SingleScale(FrozenModel):
    """Optimize at the result's size only, as in the paper."""

    kind: Literal["single"] = "single"


class CoarseToFine(FrozenModel):
    """Optimize small copies of the images first, where steps are cheap, then larger ones up to the result's size.

    There are `count` scales; each side grows by `factor` from one scale to the next. Changes to the content at one
    scale are carried over to the next. The first scale takes the optimizer's `steps`, the last and most expensive one
    `finest_steps`; those between change by the same factor from each scale to the next.
    """

    kind: Literal["coarse-to-fine"] = "coarse-to-fine"
    count: Annotated[int, Field(ge=2, le=8)] = 3
    factor: Annotated[float, Field(gt=1, le=4)] = 2.0
    finest_steps: Count = 20


Scales = Annotated[SingleScale | CoarseToFine, Field(discriminator="kind")]
