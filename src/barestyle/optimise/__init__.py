"""The search for the picture: methods that yield iterates, and the one loop around them."""

from barestyle.optimise.handle import Experience, State
from barestyle.optimise.iterate import Evaluate, ExplosionError, Iterate
from barestyle.optimise.loop import Search
from barestyle.optimise.restarts import Restarts

__all__ = ["Evaluate", "Experience", "ExplosionError", "Iterate", "Restarts", "Search", "State"]
