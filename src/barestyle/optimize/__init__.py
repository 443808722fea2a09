"""The search for the picture: methods that yield iterates, and the one loop around them."""

from barestyle.optimize.iterate import Evaluate, ExplosionError, Iterate
from barestyle.optimize.minimizer import Search
from barestyle.optimize.restarts import Restarts
from barestyle.optimize.resumable import Experience, State

__all__ = ["Evaluate", "Experience", "ExplosionError", "Iterate", "Restarts", "Search", "State"]
