"""Colors in OKLab (Ottosson 2020), where mixtures keep their saturation."""

import numpy as np
import numpy.typing as npt

from .canvas import Field

LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB_FROM_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
LMS_FROM_LAB = np.linalg.inv(LAB_FROM_LMS).astype(np.float32)
RGB_FROM_LMS = np.linalg.inv(LMS_FROM_RGB).astype(np.float32)


def palette(colors: str) -> Field:
    """Return OKLab rows for hexadecimal sRGB colors, such as "f2c14e e07a2c"."""
    encoded = np.array([list(bytes.fromhex(color)) for color in colors.split()]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ LMS_FROM_RGB.T) @ LAB_FROM_LMS.T, dtype=np.float32)


def to_rgb(lab: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Return OKLab values as 8-bit sRGB, clipped to its gamut."""
    linear = np.clip((lab.astype(np.float32) @ LMS_FROM_LAB.T) ** 3 @ RGB_FROM_LMS.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray((encoded * 255).round(), dtype=np.uint8)


def ramp(stops: Field, position: npt.NDArray[np.floating]) -> Field:
    """Return colors along a palette, from its first at 0 to its last at 1."""
    places = np.linspace(0, 1, len(stops))
    channels = [np.interp(position, places, stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def mix(first: Field, second: Field, share: Field) -> Field:
    """Return the first colors mixed with a share (0 to 1) of the second."""
    return np.asarray(first + (second - first) * share[..., None], dtype=np.float32)


def vary(rng: np.random.Generator, lab: Field, lightness: float, tint: float) -> Field:
    """Return the colors with Gaussian noise in lightness and tint."""
    spread = np.array([lightness, tint, tint])
    return np.asarray(lab + rng.normal(size=lab.shape) * spread, dtype=np.float32)
