"""Feed-forward networks that are trained for a style, and paint a photograph in one pass.

Public names are imported when they are first used, so that modules which do not need PyTorch do not import it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barestyle.feed_forward.layers import Statistics
    from barestyle.feed_forward.network import NetworkShape, StyleNetwork
    from barestyle.feed_forward.painter import StylePainter
    from barestyle.feed_forward.statistics import blend_statistics
    from barestyle.feed_forward.trained_style import EXTENSION, TrainedStyle, load_style

_MODULES = {
    "EXTENSION": "trained_style",
    "NetworkShape": "network",
    "Statistics": "layers",
    "StyleNetwork": "network",
    "StylePainter": "painter",
    "TrainedStyle": "trained_style",
    "blend_statistics": "statistics",
    "load_style": "trained_style",
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


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
