"""Whose colors the result has."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import Frozen

When = Literal["before", "after"]
Method = Literal["mean-covariance", "histogram"]
Space = Literal["linear-rgb", "lab"]


class StyleColors(Frozen):
    """The style's, as the style loss makes them."""

    kind: Literal["style"] = "style"


class LuminanceColors(Frozen):
    """The content's: only luminance is painted (Gatys et al. 2016, arXiv:1606.05897, section 5.2).

    `before` searches with gray pictures, the style's luminance brought to the content's mean and deviation; `after`
    paints in all colors and takes the result's luminance alone.
    """

    kind: Literal["luminance"] = "luminance"
    when: When = "before"


class MatchedColors(Frozen):
    """Nearly the content's: colors are mapped so that their statistics are the content's (ibid., section 5.1).

    `before` maps the styles' pixels, `after` the result's. `mean-covariance` is the linear map that moves colors
    least (Pitié & Kokaram 2007, doi:10.1049/cp:20070055), `histogram` maps each channel by itself.
    """

    kind: Literal["matched"] = "matched"
    when: When = "before"
    method: Method = "mean-covariance"
    space: Space = "linear-rgb"


Colors = Annotated[StyleColors | LuminanceColors | MatchedColors, Field(discriminator="kind")]
