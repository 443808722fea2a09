"""The page's limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How much the page accepts.

    Attributes:
        max_upload: bytes of an uploaded file.
        max_pixels: of an uploaded picture, and of a result.
        max_size: pixels of a result's long side.
        max_waiting: jobs that may wait behind the running one.
        max_waiting_bytes: of the pictures that were read for them.
    """

    max_upload: int = 50_000_000
    max_pixels: int = 2**26
    max_size: int = 8192
    max_waiting: int = 50
    max_waiting_bytes: int = 2_000_000_000
