"""Feed-forward networks that are trained for a style, and paint a photograph in one pass."""

from barestyle.feed_forward.network import NetworkShape, Statistics, StyleNetwork
from barestyle.feed_forward.trained_style import EXTENSION, TrainedStyle, load_style

__all__ = ["EXTENSION", "NetworkShape", "Statistics", "StyleNetwork", "TrainedStyle", "load_style"]
