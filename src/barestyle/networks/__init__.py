"""Networks: from a spec to a module that maps an image to one feature map per tap."""

from barestyle.networks.build import SMALLEST_SIDE, Network, build, minimum_side, normalised

__all__ = ["SMALLEST_SIDE", "Network", "build", "minimum_side", "normalised"]
