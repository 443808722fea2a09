"""Losses of an image under a network, and the objective that joins them."""

from barestyle.losses.objective import Evaluation, Objective, assemble
from barestyle.losses.tiling import Tiling, is_out_of_memory

__all__ = ["Evaluation", "Objective", "Tiling", "assemble", "is_out_of_memory"]
