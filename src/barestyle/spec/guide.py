"""Guides of the style loss: what it knows about each image besides the features."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import FrozenModel, Positive


class NoGuide(FrozenModel):
    """The style's features are matched wherever they are in the image."""

    kind: Literal["none"] = "none"


class StructureGuide(FrozenModel):
    """The style's features are matched given each image's own structure: its blurred colors and its ridges (ours).

    `weight` is that of the guide beside the features at strength 0.5. At other strengths it is multiplied by
    0.35 + 0.65 t^0.75 with t = (1 - strength) / strength, at most 2, so a third is left at strength 1. Only a run
    from noise at strength 1, which makes a texture, has no guide. `resolution` is the number of cells along the long
    side; ridges are a cell wide, and colors are blurred over two. A penalty on blurred colors that are far from the
    guide's has a seventh of `weight`, times t^0.75, at most 2; at strength 1 there is none.
    """

    kind: Literal["structure"] = "structure"
    weight: Positive = 0.7
    resolution: Annotated[int, Field(ge=16, le=1024)] = 384


Guide = Annotated[NoGuide | StructureGuide, Field(discriminator="kind")]
