"""Losses of an image under a network, and the objective that joins them."""

from barestyle.losses.footprint import features_bytes, overhead_bytes
from barestyle.losses.objective import Evaluation, Objective, assemble, statistics_of, style_losses
from barestyle.losses.regions import Region, Sample
from barestyle.losses.tiling import SMALLEST_TILE, Tiling, is_out_of_memory

__all__ = [
    "SMALLEST_TILE",
    "Evaluation",
    "Objective",
    "Region",
    "Sample",
    "Tiling",
    "assemble",
    "features_bytes",
    "is_out_of_memory",
    "overhead_bytes",
    "statistics_of",
    "style_losses",
]
