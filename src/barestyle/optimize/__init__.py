"""The optimization: methods that yield iterates, and the loops around them."""

from barestyle.optimize.best_so_far import BestSoFar
from barestyle.optimize.inner_product import InnerProduct
from barestyle.optimize.iterate import EnlargedIterate, Evaluate, ExplosionError, Iterate
from barestyle.optimize.minimizer import Minimizer
from barestyle.optimize.restarts import Restarts
from barestyle.optimize.resumable import State, WarmStart

__all__ = [
    "BestSoFar",
    "EnlargedIterate",
    "Evaluate",
    "ExplosionError",
    "InnerProduct",
    "Iterate",
    "Minimizer",
    "Restarts",
    "State",
    "WarmStart",
]
