"""Specs: the settings of a run as frozen, validated values. This package does not import torch."""

from barestyle.spec.bias import ConstantBias, PretrainedBias, ShuffledBias, ZeroBias
from barestyle.spec.colors import LuminanceColors, MatchedColors, StyleColors
from barestyle.spec.guide import NoGuide, StructureGuide
from barestyle.spec.loss import (
    FeatureContentLoss,
    GramLoss,
    LuminanceContentLoss,
    NoContentLoss,
    NoSmoothness,
    TotalVariation,
    WhitenedLoss,
)
from barestyle.spec.network import VGG, HandMade, Pyramid
from barestyle.spec.optimizer import LBFGS, Adam, PaperLBFGS
from barestyle.spec.overrides import with_settings
from barestyle.spec.pooling import AveragePooling, MaxPooling, NoPooling
from barestyle.spec.scales import CoarseToFine, SingleScale
from barestyle.spec.spec import Spec
from barestyle.spec.start import ContentStart, NoiseStart, PictureStart, StyleStart
from barestyle.spec.weights import (
    BinarizedWeights,
    BinaryWeights,
    DiscreteWeights,
    GaussianWeights,
    PretrainedWeights,
    ShuffledWeights,
    UniformWeights,
)

__all__ = [
    "LBFGS",
    "VGG",
    "Adam",
    "AveragePooling",
    "BinarizedWeights",
    "BinaryWeights",
    "CoarseToFine",
    "ConstantBias",
    "ContentStart",
    "DiscreteWeights",
    "FeatureContentLoss",
    "GaussianWeights",
    "GramLoss",
    "HandMade",
    "LuminanceColors",
    "LuminanceContentLoss",
    "MatchedColors",
    "MaxPooling",
    "NoContentLoss",
    "NoGuide",
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
    "StructureGuide",
    "StyleColors",
    "StyleStart",
    "TotalVariation",
    "UniformWeights",
    "WhitenedLoss",
    "ZeroBias",
    "with_settings",
]
