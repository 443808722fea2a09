"""Feed-forward networks that are trained for a style, and paint a photograph in one pass."""

from barestyle.feed_forward.layers import Statistics
from barestyle.feed_forward.network import NetworkShape, StyleNetwork
from barestyle.feed_forward.painter import StylePainter
from barestyle.feed_forward.statistics import blend_statistics
from barestyle.feed_forward.trained_style import EXTENSION, TrainedStyle, load_style

__all__ = [
    "EXTENSION",
    "NetworkShape",
    "Statistics",
    "StyleNetwork",
    "StylePainter",
    "TrainedStyle",
    "blend_statistics",
    "load_style",
]
