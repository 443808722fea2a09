"""What is minimized: the style loss, the content loss, and the smoothness of the picture."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import Frozen, Positive

Tap = Annotated[int, Field(ge=1)]
Taps = Annotated[tuple[Tap, ...], Field(min_length=1)]


class GramLoss(Frozen):
    """Mean squared difference of Gram matrices, summed over taps (paper section 3; Gatys et al. 2016).

    `weight` is the paper's beta.
    """

    kind: Literal["gram"] = "gram"
    taps: Taps = (1, 2, 3, 4, 5)
    weight: Positive = 1e6


class WhitenedLoss(Frozen):
    """Difference of mean and covariance in the style's own whitened coordinates, averaged over taps (ours).

    `epsilon`, relative to the largest eigenvalue of the style's covariance, bounds how much a weak direction
    of feature space can be amplified.
    """

    kind: Literal["whitened"] = "whitened"
    taps: Taps = (1, 2, 3, 4, 5)
    weight: Positive = 1.0
    epsilon: Annotated[float, Field(gt=0, le=1)] = 1e-3


StyleLoss = Annotated[GramLoss | WhitenedLoss, Field(discriminator="kind")]


class NoContentLoss(Frozen):
    """The content picture is only where the optimization starts (paper section 4)."""

    kind: Literal["none"] = "none"


class FeatureContentLoss(Frozen):
    """Mean squared difference of one tap's feature maps (paper section 3: conv_1); `weight` is alpha."""

    kind: Literal["features"] = "features"
    tap: Tap = 1
    weight: Positive = 1.0


class LuminanceContentLoss(Frozen):
    """Keeps the content's forms: its blurred lightness, and at low strengths ever more of the picture itself (ours).

    With t = (1 - strength) / strength it is t·0.4·(mean squared difference of lightness, blurred to `cells` along the
    long side) + t³·0.2·(mean squared difference of pixels), values in 0..1. Strength 1 asks for nothing, 0 for the
    content itself. Its weights are for the whitened loss, which has no scale of its own.
    """

    kind: Literal["luminance"] = "luminance"
    strength: Annotated[float, Field(ge=0, le=1)] = 0.5
    cells: Annotated[int, Field(ge=4, le=1024)] = 64


ContentLoss = Annotated[NoContentLoss | FeatureContentLoss | LuminanceContentLoss, Field(discriminator="kind")]


class NoSmoothness(Frozen):
    """Nothing asks for smoothness, as in the paper."""

    kind: Literal["none"] = "none"


class TotalVariation(Frozen):
    """Mean absolute difference of neighboring pixels (Rudin, Osher & Fatemi 1992), anisotropic."""

    kind: Literal["total-variation"] = "total-variation"
    weight: Positive = 1.0


Smoothness = Annotated[NoSmoothness | TotalVariation, Field(discriminator="kind")]
