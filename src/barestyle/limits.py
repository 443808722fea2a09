"""Sizes of images that are used or refused by default. Nothing else is imported."""

from __future__ import annotations

DEFAULT_LONGEST_SIDE = 512
"""Larger images are reduced to this size unless `size` is set: a run then takes minutes, not hours, on two cores."""

MAX_PIXELS = 178_956_970
"""Larger images are refused by default: the limit at which Pillow suspects a decompression bomb."""
