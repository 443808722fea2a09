"""Networks: modules that map an image to feature maps, built from a spec and a seed."""

from barestyle.networks.build import SMALLEST_SIDE, build_network, compute_minimum_side
from barestyle.networks.conv_stack import ConvStack, Layer, Size, normalize_image
from barestyle.networks.network import Network, PlaneSlicer

__all__ = [
    "SMALLEST_SIDE",
    "ConvStack",
    "Layer",
    "Network",
    "PlaneSlicer",
    "Size",
    "build_network",
    "compute_minimum_side",
    "normalize_image",
]
