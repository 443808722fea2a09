"""What the page takes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How much one visitor may ask of the machine.

    Attributes:
        max_upload: bytes of a file that is sent.
        max_pixels: of a picture that is sent, and of a result.
        max_size: pixels of a result's long side.
        max_waiting: jobs that may stand in line behind the one at work.
    """

    max_upload: int = 50_000_000
    max_pixels: int = 2**26
    max_size: int = 2048
    max_waiting: int = 50
