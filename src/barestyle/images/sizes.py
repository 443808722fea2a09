"""Sizes of images."""

from __future__ import annotations


def target_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """Return height and width with the given long side and the same aspect ratio, to the nearest pixel, at least 1."""
    factor = long_side / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))
