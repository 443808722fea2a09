"""Read HEIC files, the photographs of most telephones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from barestyle.errors import BarestyleError, ImageError
from barestyle.images import high_bit_depth, icc, nclx
from barestyle.images.samples import PixelArray

EXTENSIONS = (".heic", ".heics", ".heif", ".heifs", ".hif")
"""Extensions of HEIC files, in lower case."""

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
"""Brands at the start of a file (ISO/IEC 23008-12, annex B); the last two may also start an AVIF file."""


def is_heif(data: bytes) -> bool:
    """Return whether the bytes of a file are those of a HEIC image, not of an AVIF image."""
    if data[4:8] != b"ftyp" or data[8:12] not in _BRANDS:
        return False
    brands = data[8 : int.from_bytes(data[:4], "big")]
    return b"avif" not in brands and b"avis" not in brands


def decode(data: bytes, name: str, check: Callable[[int, int], None]) -> tuple[PixelArray, int, int]:
    """Return samples (H, W, 1 to 4) in sRGB, bits per channel (8 or 16), and the number of images in a HEIC file.

    The samples are of the primary image. 10 and 12 bits are scaled to 16. The rotation is the file's own; an
    orientation in the EXIF data repeats it, and is ignored (ISO/IEC 23008-12, section A.2.2). `check` is called with
    (width, height) before the image is decoded. Raises ImageError if the file is damaged.
    """
    import pi_heif  # only for the files that need it

    try:
        file = pi_heif.HeifFile(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
        image = file[file.primary_index]
        check(*image.size)
        samples = np.array(image)  # copied, as the library frees its memory with the file
    except BarestyleError:
        raise
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory; reduce its size first") from None
    except Exception as error:  # noqa: BLE001  # the decoder raises all kinds of errors for damaged files
        reason = str(error).strip().splitlines()
        raise ImageError(
            f"{name} is damaged or cut short ({reason[0] if reason else type(error).__name__}); get the file again"
        ) from None
    samples = samples[..., None] if samples.ndim == 2 else samples
    bits = 8
    if samples.dtype == np.uint16:
        bits = 16
        samples = np.rint(samples * (65535 / (2 ** int(image.info["bit_depth"]) - 1))).astype(np.uint16)
    if image.premultiplied_alpha:
        samples = high_bit_depth.unpremultiply(samples)
    return _convert_to_srgb(samples, _find_profile(image.info, name), name), bits, len(file)


def _find_profile(info: dict[str, object], name: str) -> bytes | None:
    """Return the ICC profile of an image, or one for the color space that it names by code points."""
    profile, code_points = info.get("icc_profile"), info.get("nclx_profile")
    if isinstance(profile, bytes) and profile:
        return profile
    if not isinstance(code_points, dict):
        return None
    return nclx.to_profile(int(code_points["color_primaries"]), int(code_points["transfer_characteristics"]), name)


def _convert_to_srgb(samples: PixelArray, profile: bytes | None, name: str) -> PixelArray:
    """Convert the colors to sRGB and keep alpha, the last of 2 or 4 channels."""
    if profile is None:
        return samples
    if samples.dtype == np.uint16:
        return high_bit_depth.convert_to_srgb(samples, profile, name)
    colors = 1 if samples.shape[2] < 3 else 3
    image = Image.fromarray(np.ascontiguousarray(samples[..., 0] if colors == 1 else samples[..., :3]))
    image.info["icc_profile"] = profile
    color = np.asarray(icc.to_srgb(image, name))
    color = color[..., None] if color.ndim == 2 else color
    return np.concatenate([color, samples[..., colors:]], axis=2)
