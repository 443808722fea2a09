"""Color spaces that HEIC and AVIF files name by the code points of ITU-T H.273, as ICC profiles."""

from __future__ import annotations

import warnings
from functools import cache

import imagecodecs
import numpy as np

_WHITE = (0.3127, 0.329)
"""Chromaticity of D65."""

_PRIMARIES = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # P3 with the white of cinemas, which files rarely mean
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
"""Chromaticities of red, green and blue by code point (H.273, table 2); others are close to those of sRGB."""

_SRGB_PRIMARIES = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Exponents of transfer characteristics by code point (H.273, table 3); others are read with the curve of sRGB."""

_HDR = {16: "PQ", 18: "HLG"}
_CURVE_LENGTH = 4096


def to_profile(primaries: int, transfer: int, name: str) -> bytes | None:
    """Return an ICC profile for code points, or None for sRGB and what is read as sRGB.

    Warns about the transfer characteristics of HDR, which have no equivalent in sRGB.
    """
    if transfer in _HDR:
        warnings.warn(
            f"{name} has HDR brightness ({_HDR[transfer]}), which is read as that of sRGB and may look flat; export it "
            "without HDR",
            stacklevel=2,
        )
    return _build_profile(primaries, transfer) if primaries in _PRIMARIES or transfer in _GAMMAS else None


@cache
def _build_profile(primaries: int, transfer: int) -> bytes:
    x = np.linspace(0, 1, _CURVE_LENGTH)
    if transfer in _GAMMAS:
        curve = x ** _GAMMAS[transfer]
    else:
        curve = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    points = _PRIMARIES.get(primaries, _SRGB_PRIMARIES)
    return bytes(
        imagecodecs.cms_profile(
            "rgb",
            whitepoint=(*_WHITE, 1.0),
            primaries=[value for x, y in points for value in (x, y, 1.0)],
            transferfunction=np.rint(curve * 65535).astype(np.uint16),
        )
    )


def find_profile(data: bytes, name: str) -> bytes | None:
    """Return the ICC profile for the first code points in the bytes of a HEIC or AVIF file, or None."""
    start = data.find(b"colrnclx") + 8  # ISO/IEC 23008-12, section 6.5.5: two bytes for each code point
    if start < 8 or start + 4 > len(data):
        return None
    return to_profile(
        int.from_bytes(data[start : start + 2], "big"), int.from_bytes(data[start + 2 : start + 4], "big"), name
    )
