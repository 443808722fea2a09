"""What a run is: frozen, validated, printable, with a digest. No torch here."""

from barestyle.spec.colors import LuminanceColours, MatchedColours, StyleColours
from barestyle.spec.loss import (
    FeatureContentLoss,
    FormsContentLoss,
    GramLoss,
    NoContentLoss,
    NoSmoothness,
    TotalVariation,
    WhitenedLoss,
)
from barestyle.spec.network import (
    VGG,
    AveragePooling,
    BinarisedWeights,
    BinaryWeights,
    ConstantBias,
    DiscreteWeights,
    GaussianWeights,
    HandMade,
    MaxPooling,
    NoPooling,
    PretrainedBias,
    PretrainedWeights,
    Pyramid,
    ShuffledBias,
    ShuffledWeights,
    UniformWeights,
    ZeroBias,
)
from barestyle.spec.optimizer import LBFGS, Adam, PaperLBFGS
from barestyle.spec.overrides import with_settings
from barestyle.spec.scales import CoarseToFine, SingleScale
from barestyle.spec.spec import DEFAULT_LONGEST_SIDE, MAX_PIXELS, Spec
from barestyle.spec.start import ContentStart, NoiseStart, PictureStart

__all__ = [
    "DEFAULT_LONGEST_SIDE",
    "LBFGS",
    "MAX_PIXELS",
    "VGG",
    "Adam",
    "AveragePooling",
    "BinarisedWeights",
    "BinaryWeights",
    "CoarseToFine",
    "ConstantBias",
    "ContentStart",
    "DiscreteWeights",
    "FeatureContentLoss",
    "FormsContentLoss",
    "GaussianWeights",
    "GramLoss",
    "HandMade",
    "LuminanceColours",
    "MatchedColours",
    "MaxPooling",
    "NoContentLoss",
    "NoPooling",
    "NoSmoothness",
    "NoiseStart",
    "PaperLBFGS",
    "PictureStart",
    "PretrainedBias",
    "PretrainedWeights",
    "Pyramid",
    "ShuffledBias",
    "ShuffledWeights",
    "SingleScale",
    "Spec",
    "StyleColours",
    "TotalVariation",
    "UniformWeights",
    "WhitenedLoss",
    "ZeroBias",
    "with_settings",
]
