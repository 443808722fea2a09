"""Style and content losses, as functions of feature moments and of images."""

from barestyle.losses.gram import gram_loss, gram_matrix
from barestyle.losses.luminance_content import LuminanceContentTerm
from barestyle.losses.missing_colors import MissingColorTerm, find_missing_colors
from barestyle.losses.moments import MomentAccumulator, Moments, compute_moments
from barestyle.losses.regions import Region, StyleImage
from barestyle.losses.structure_guide import GUIDE_CHANNELS, GuideMaps, build_guide_maps
from barestyle.losses.temporal import TemporalTerm
from barestyle.losses.total_variation import total_variation_loss
from barestyle.losses.whitened import WhitenedStyle, whiten_style, whitened_loss

__all__ = [
    "GUIDE_CHANNELS",
    "GuideMaps",
    "LuminanceContentTerm",
    "MissingColorTerm",
    "MomentAccumulator",
    "Moments",
    "Region",
    "StyleImage",
    "TemporalTerm",
    "WhitenedStyle",
    "build_guide_maps",
    "compute_moments",
    "find_missing_colors",
    "gram_loss",
    "gram_matrix",
    "total_variation_loss",
    "whiten_style",
    "whitened_loss",
]
