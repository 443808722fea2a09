"""Style and content losses as functions of moments and images."""

from barestyle.losses.regions import Region, Sample

__all__ = ["Region", "Sample"]
