"""The objective: loss and gradient of an image under a network, computed in tiles."""

from barestyle.objective.memory_estimate import features_bytes, overhead_bytes
from barestyle.objective.objective import Evaluation, Objective, assemble, statistics_of, style_losses
from barestyle.objective.tile_policy import SMALLEST_TILE, Tiling, is_out_of_memory

__all__ = [
    "SMALLEST_TILE",
    "Evaluation",
    "Objective",
    "Tiling",
    "assemble",
    "features_bytes",
    "is_out_of_memory",
    "overhead_bytes",
    "statistics_of",
    "style_losses",
]
