"""The objective: loss and gradient of an image under a network, computed in tiles."""

from barestyle.objective.build import build_objective, build_region_guide_maps, build_style_moments, get_guide
from barestyle.objective.memory_estimate import estimate_feature_bytes, estimate_overhead_bytes
from barestyle.objective.moment_pass import compute_style_moments
from barestyle.objective.objective import Evaluation, Objective
from barestyle.objective.style_moments import StyleMoments
from barestyle.objective.style_targets import build_style_losses
from barestyle.objective.tile_policy import SMALLEST_TILE, Tiling, is_out_of_memory

__all__ = [
    "SMALLEST_TILE",
    "Evaluation",
    "Objective",
    "StyleMoments",
    "Tiling",
    "build_objective",
    "build_region_guide_maps",
    "build_style_losses",
    "build_style_moments",
    "compute_style_moments",
    "estimate_feature_bytes",
    "estimate_overhead_bytes",
    "get_guide",
    "is_out_of_memory",
]
