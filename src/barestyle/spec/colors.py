"""Where the result's colors come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import FrozenModel

When = Literal["before", "after"]
Method = Literal["mean-covariance", "histogram"]
Space = Literal["linear-rgb", "lab"]


class StyleColors(FrozenModel):
    """The style's colors, as the style loss produces them."""

    kind: Literal["style"] = "style"


class LuminanceColors(FrozenModel):
    """The content's colors; only luminance is stylized (Gatys et al. 2016, arXiv:1606.05897, section 5.2).

    `before` optimizes gray images, the style's luminance shifted and scaled to the content's mean and deviation;
    `after` optimizes in color and keeps only the result's luminance.
    """

    kind: Literal["luminance"] = "luminance"
    when: When = "before"


class MatchedColors(FrozenModel):
    """Colors mapped to the content's palette: their statistics become the content's (ibid., section 5.1).

    `before` maps the pixels of the styles, `after` those of the result. `mean-covariance` is the linear map that
    moves colors least (Pitié & Kokaram 2007, doi:10.1049/cp:20070055); `histogram` maps each channel separately.
    """

    kind: Literal["matched"] = "matched"
    when: When = "before"
    method: Method = "mean-covariance"
    space: Space = "linear-rgb"


Colors = Annotated[StyleColors | LuminanceColors | MatchedColors, Field(discriminator="kind")]
