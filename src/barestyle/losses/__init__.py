"""Losses of an image under a network, and the objective that joins them."""

from barestyle.losses.objective import Evaluation, Objective, assemble

__all__ = ["Evaluation", "Objective", "assemble"]
