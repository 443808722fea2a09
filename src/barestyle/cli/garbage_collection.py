"""Fewer garbage collections, which take a tenth of the time of a small picture."""

from __future__ import annotations

import atexit
import gc
from functools import cache

THRESHOLD = 10_000
"""Objects created between two collections. Importing PyTorch creates more than 150 000, and none are garbage."""


@cache
def collect_rarely() -> None:
    """Collect garbage less often than Python does by default, and not at the end of the program.

    The last collection would visit every object of PyTorch before the process ends, for a quarter of a second. Tensors
    are freed as before, since their last reference frees them.
    """
    gc.set_threshold(THRESHOLD, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
