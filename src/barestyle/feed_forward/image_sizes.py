"""Sizes of images that trained styles paint. PyTorch is not imported."""

from __future__ import annotations

from barestyle.errors import ImageError

SMALLEST_SIDE = 16
"""Pixels; at an eighth of it maps can still be mirrored at their borders."""

MEASURED_PIXELS = 512 * 512
"""Largest area of an image whose statistics are its own; those of larger ones are of a copy of this area.

The copy makes the statistics, and with them the strokes' strength and the colors, the same for every size of tiles, and
costs little. Networks are trained at sizes below this.
"""


def check_size(height: int, width: int, name: str = "the picture") -> None:
    """Raise ImageError if an image is too small for the network; `name` is its name in the message."""
    if min(height, width) < SMALLEST_SIDE:
        raise ImageError(
            f"{name} has {width} x {height} pixels, but a trained style needs at least {SMALLEST_SIDE} per side; "
            "use a larger one"
        )
