"""Some rows of a TIFF file, without reading the others."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile

from barestyle.images.frames import count_pages
from barestyle.images.samples import PixelArray

_ICC_PROFILE = 34675
_ORIENTATION = 274


class TiffHeader(NamedTuple):
    """The size of a TIFF file's first page, its channels and bits of each, and the number of pages."""

    height: int
    width: int
    channels: int
    bits: int
    pages: int


def read_header(path: Path) -> TiffHeader | None:
    """Return the header of a TIFF file whose rows `read_rows` can read, or None for other files.

    Others are those that have to be decoded as a whole: with a color profile, an orientation, premultiplied alpha, or
    other samples than gray or RGB of 8 or 16 bits.
    """
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            is_plain = (
                page.photometric in (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB)
                and page.dtype in (np.uint8, np.uint16)
                and page.bitspersample == 8 * page.dtype.itemsize
                and page.planarconfig == tifffile.PLANARCONFIG.CONTIG
                and page.imagedepth == 1
                and page.jpegtables is None
                and page.samplesperpixel <= 4
                and _ICC_PROFILE not in page.tags
                and (_ORIENTATION not in page.tags or page.tags[_ORIENTATION].value == 1)
                and set(page.extrasamples) <= {tifffile.EXTRASAMPLE.UNASSALPHA}
            )
            if not is_plain:
                return None
            size = page.imagelength, page.imagewidth
            return TiffHeader(*size, page.samplesperpixel, page.bitspersample, count_pages(file))
    except (tifffile.TiffFileError, OSError, ValueError, AttributeError):
        return None


def read_rows(path: Path, top: int, bottom: int) -> PixelArray:
    """Return rows of a TIFF file's first page, (bottom - top, W, channels); raises ValueError for a damaged file."""
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        if page.dtype is None:
            raise ValueError("its samples have no type")
        result = np.zeros((bottom - top, page.imagewidth, page.samplesperpixel), page.dtype)
        across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
        length = page.tilelength if page.is_tiled else page.rowsperstrip
        for index in range(top // length * across, -(-bottom // length) * across):
            file.filehandle.seek(page.dataoffsets[index])
            data = file.filehandle.read(page.databytecounts[index])
            segment, (_, _, first, left, _), (_, height, width, _) = page.decode(data or None, index)
            if segment is None:
                continue  # an empty tile is zero
            start, end = max(first, top), max(min(first + height, bottom), top)
            right = min(left + width, page.imagewidth)  # tiles at the right edge are filled up
            result[start - top : end - top, left:right] = segment[0, start - first : end - first, : right - left]
        return result
