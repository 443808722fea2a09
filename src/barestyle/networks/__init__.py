"""Networks: from a spec to a module that maps an image to one feature map per tap."""

from barestyle.networks.build import SMALLEST_SIDE, Network, build, minimum_side
from barestyle.networks.conv_stack import ConvStack, Layer, Size, normalized

__all__ = ["SMALLEST_SIDE", "ConvStack", "Layer", "Network", "Size", "build", "minimum_side", "normalized"]
