"""Style and content losses as functions of moments and images."""

from barestyle.losses.regions import Region, StyleImage

__all__ = ["Region", "StyleImage"]
