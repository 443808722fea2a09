"""The terms of the objective: style loss, content loss and smoothness."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.guide import Guide, NoGuide
from barestyle.spec.validation import FrozenModel, Positive

LayerNumber = Annotated[int, Field(ge=1)]
Layers = Annotated[tuple[LayerNumber, ...], Field(min_length=1)]


class GramLoss(FrozenModel):
    """Mean squared difference of Gram matrices, summed over layers (paper section 3; Gatys et al. 2016).

    `layers` are numbered from 1; `weight` is the paper's beta.
    """

    kind: Literal["gram"] = "gram"
    layers: Layers = (1, 2, 3, 4, 5)
    weight: Positive = 1e6


class WhitenedLoss(FrozenModel):
    """Difference of mean and covariance in coordinates that whiten the style's features, averaged over layers (ours).

    `layers` are numbered from 1. `epsilon`, relative to the largest eigenvalue of the style's covariance, limits how
    much a weak direction of feature space is amplified. With a `guide` the features are compared jointly with it.
    """

    kind: Literal["whitened"] = "whitened"
    layers: Layers = (1, 2, 3, 4, 5)
    weight: Positive = 1.0
    epsilon: Annotated[float, Field(gt=0, le=1)] = 1e-3
    guide: Guide = NoGuide()


StyleLoss = Annotated[GramLoss | WhitenedLoss, Field(discriminator="kind")]


class NoContentLoss(FrozenModel):
    """No content loss: the content image is only the start of the optimization (paper section 4)."""

    kind: Literal["none"] = "none"


class FeatureContentLoss(FrozenModel):
    """Mean squared difference of one layer's feature maps (paper section 3: conv_1); `weight` is alpha."""

    kind: Literal["features"] = "features"
    layer: LayerNumber = 1
    weight: Positive = 1.0


class LuminanceContentLoss(FrozenModel):
    """Preserves the content's shapes through its blurred lightness, and at low strengths also its pixels (ours).

    `strength` is that of the style: 1 leaves this loss out, 0 returns the content. With t = (1 - strength) / strength
    the loss is t·0.1·(mean squared difference of lightness, blurred to `resolution` cells along the long side)
    + t³·0.02·(mean squared difference of pixels), values in 0..1. Its weights are made for the whitened loss, whose
    value does not depend on the scale of the features.
    """

    kind: Literal["luminance"] = "luminance"
    strength: Annotated[float, Field(ge=0, le=1)] = 0.5
    resolution: Annotated[int, Field(ge=4, le=1024)] = 64


ContentLoss = Annotated[NoContentLoss | FeatureContentLoss | LuminanceContentLoss, Field(discriminator="kind")]


class NoSmoothness(FrozenModel):
    """No smoothness term, as in the paper."""

    kind: Literal["none"] = "none"


class TotalVariation(FrozenModel):
    """Mean absolute difference of neighboring pixels (Rudin, Osher & Fatemi 1992), anisotropic."""

    kind: Literal["total-variation"] = "total-variation"
    weight: Positive = 1.0


Smoothness = Annotated[NoSmoothness | TotalVariation, Field(discriminator="kind")]
