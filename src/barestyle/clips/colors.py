"""Colors of video frames, as their tags say (ITU-T H.273), to sRGB."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from av import VideoFrame

    from barestyle.images import PixelArray

UNSPECIFIED = 2
RGB = 0

LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601, 625 lines
    6: (0.299, 0.114),  # BT.601, 525 lines
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
    10: (0.2627, 0.0593),  # BT.2020 with constant luminance, which is read as if it were not constant
}
"""Weights of red and blue in luma by code point of the matrix (H.273, table 4); that of green is the rest."""

HD_HEIGHT = 720
"""Lines from which a video without tags is read as BT.709, and not as BT.601, as players do."""

TO_SRGB = {
    9: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),  # BT.2020
    12: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),  # Display P3
}
"""Linear RGB of other primaries, by code point (H.273, table 2), to linear RGB of sRGB, with the same white."""

HDR = {16: "PQ", 18: "HLG"}

FULL_RANGE = 2
"""FFmpeg's number (AVCOL_RANGE_JPEG) for levels that use all codes."""


def to_srgb(frame: VideoFrame) -> Tensor:
    """Return a frame as (1, 3, H, W) float32, sRGB in 0..1, not rotated.

    The transfer functions of BT.709, BT.601 and BT.2020 are taken for that of sRGB, as players show them. Transparency
    is ignored. Samples of more than 8 bits keep their precision.
    """
    values = _read_yuv(frame) if _has_chroma_planes(frame) else _read_rgb(frame)
    if frame.color_primaries in TO_SRGB:
        values = _map_primaries(values, TO_SRGB[frame.color_primaries])
    return values.clamp_(0, 1)[None]


def warn_of_hdr(transfer: int, name: str) -> None:
    """Warn of transfer functions of HDR, which have no equivalent in sRGB."""
    if transfer in HDR:
        warnings.warn(
            f"{name} has HDR brightness ({HDR[transfer]}), which is read as that of sRGB and may look flat; convert it "
            "to SDR first",
            stacklevel=2,
        )


def _has_chroma_planes(frame: VideoFrame) -> bool:
    # XYZ, gray and palettes are not RGB either, but have no YCbCr.
    return frame.format.name.startswith(("yuv", "nv", "p0", "p2", "p4", "y2", "uy", "yv", "ayuv", "vuy"))


def _read_yuv(frame: VideoFrame) -> Tensor:
    """Return the RGB of a frame of luma and chroma, (3, H, W), by its own matrix and range."""
    bits = frame.format.components[0].bits
    is_full = frame.color_range == FULL_RANGE or frame.format.name.startswith("yuvj")
    # At the same bit depth and range, so that the library only enlarges the chroma and rounds nothing else.
    target = "yuv444p" if bits == 8 else f"yuv444p{bits}le"
    levels = "JPEG" if is_full else "MPEG"
    planes = frame.reformat(
        format=target, interpolation=_choose_interpolation(), src_color_range=levels, dst_color_range=levels
    ).planes
    codes = [_read_plane(plane, bits > 8) for plane in planes]
    largest, unit = 2**bits - 1, 2 ** (bits - 8)
    y, blue, red = (torch.from_numpy(code.astype(np.float32)) for code in codes)
    if is_full:
        y, blue, red = y / largest, (blue - 128 * unit) / largest, (red - 128 * unit) / largest
    else:
        y, blue, red = (y / unit - 16) / 219, (blue / unit - 128) / 224, (red / unit - 128) / 224
    red_weight, blue_weight = LUMA_WEIGHTS[choose_matrix(int(frame.colorspace), frame.height)]
    r = y + 2 * (1 - red_weight) * red
    b = y + 2 * (1 - blue_weight) * blue
    g = (y - red_weight * r - blue_weight * b) / (1 - red_weight - blue_weight)
    return torch.stack((r, g, b))


def choose_matrix(code: int, height: int) -> int:
    """Return the code point of a matrix; without a known one, BT.709 for HD and BT.601 for smaller frames."""
    if code in LUMA_WEIGHTS:
        return code
    return 1 if height >= HD_HEIGHT else 6


def _read_rgb(frame: VideoFrame) -> Tensor:
    """Return a frame of RGB, gray, or a palette, (3, H, W)."""
    is_8_bit = max(component.bits for component in frame.format.components) <= 8
    samples = frame.to_ndarray(format="rgb24" if is_8_bit else "rgb48le")
    values = samples.astype(np.float32) / (255 if is_8_bit else 65535)
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


def _map_primaries(values: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """Return RGB (3, H, W) of other primaries as sRGB; colors beyond it are clipped."""
    linear = torch.where(values <= 0.04045, values / 12.92, ((values.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    mapped = torch.einsum("cd,dhw->chw", torch.tensor(matrix), linear).clamp(0, 1)
    return torch.where(mapped <= 0.0031308, 12.92 * mapped, 1.055 * mapped ** (1 / 2.4) - 0.055)


def _read_plane(plane: Any, is_wide: bool) -> PixelArray:
    """Return the samples of a plane, (h, w), without the padding of its rows."""
    rows = np.frombuffer(plane, np.uint16 if is_wide else np.uint8).reshape(plane.height, -1)
    return rows[:, : plane.width]


def _choose_interpolation() -> Any:
    from av.video.reformatter import Interpolation

    return Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
