"""Feed-forward networks that are trained for a style, and paint a photograph in one pass.

Public names are imported when they are first used, so that modules which do not need PyTorch do not import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from barestyle.feed_forward.layers import Statistics
    from barestyle.feed_forward.network import NetworkShape, StyleNetwork
    from barestyle.feed_forward.painter import StylePainter
    from barestyle.feed_forward.statistics import blend_statistics
    from barestyle.feed_forward.trained_style import EXTENSION, TrainedStyle, load_style

_NAMES = {
    "layers": ["Statistics"],
    "network": ["NetworkShape", "StyleNetwork"],
    "painter": ["StylePainter"],
    "statistics": ["blend_statistics"],
    "trained_style": ["EXTENSION", "TrainedStyle", "load_style"],
}

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

__getattr__, __dir__, _ = lazy_loader.attach(__name__, submod_attrs=_NAMES)
