"""Which pixels of a segmentation map belong to a color."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from barestyle.distributed import ProcessGroup, RowShard
from barestyle.errors import ImageError
from barestyle.images.color_mask import ColorMask
from barestyle.images.decode import DecodedFile, decode_file
from barestyle.images.picture import Picture, from_samples
from barestyle.images.reading import read
from barestyle.images.samples import PixelArray
from barestyle.images.split_read import crop, scatter

LOSSY_TOLERANCE = 16
"""Levels by which a color may differ from the one that was saved, in formats that are lossy."""

MIXTURE_TOLERANCE = 127
"""Levels by which a mixture of two colors may differ from the one that it has more of."""

FREQUENT_COLORS = 4
"""Number of colors that the error for a missing one names."""

TRANSPARENT = 2**24
"""The number of a transparent pixel; those of colors are smaller."""

CHUNK = 2**21
"""Distances of colors that are computed at the same time."""

Colors = np.ndarray[Any, np.dtype[np.int16]]
"""Red, green and blue, (n, 3), of a type that has negative differences."""


class LabelMap:
    """A segmentation map: the color of every pixel, and which colors are labels of regions.

    A color is a label if it fills a square of 3 x 3 pixels somewhere; antialiasing and noise do not.

    Args:
        samples: (H, W, 1 to 4) of uint8, uint16 or floats in 0..1, sRGB.
        name: the map, for messages.
        is_lossy: whether the colors may differ from those that were saved.
    """

    def __init__(self, samples: PixelArray, name: str, *, is_lossy: bool) -> None:
        levels = _to_levels(samples)
        self._name = name
        self._tolerance = LOSSY_TOLERANCE if is_lossy else 0
        self._codes = _pack(levels)
        counts = np.bincount(self._codes.ravel(), minlength=TRANSPARENT)[:TRANSPARENT]
        unique = np.flatnonzero(counts)
        self._unique, self._counts = unique, counts[unique]
        self._colors = _unpack(unique)
        self._is_label = np.isin(unique, _find_filled(self._codes))

    def find_region(self, colors: tuple[str, ...]) -> PixelArray:
        """Return the mask of colors '#rrggbb', (H, W, 1) of uint8: 255 inside and 0 outside.

        Raises ImageError for a color that no pixel has, within the tolerance of a lossy map.
        """
        named = _unpack(np.array([int(color[1:], 16) for color in colors]))
        to_named = _distances(self._colors, named)
        for number, color in enumerate(colors):
            if not (to_named[:, number] <= self._tolerance).any():
                raise ImageError(
                    f"{self._name} has no pixel of the color {color}; its most frequent colors are "
                    f"{self._describe_frequent()}"
                )
        nearest_named = to_named.min(1)
        is_inside = nearest_named <= MIXTURE_TOLERANCE
        # Labels within the tolerance are the named color, changed by a lossy format.
        others = self._colors[self._is_label & (nearest_named > self._tolerance)]
        candidates = np.flatnonzero(is_inside)
        step = max(CHUNK // max(len(others), 1), 1)
        for start in range(0, len(candidates) if len(others) else 0, step):
            part = candidates[start : start + step]
            is_inside[part] = nearest_named[part] < _distances(self._colors[part], others).min(1)
        table = np.zeros(TRANSPARENT + 1, np.uint8)
        table[self._unique[is_inside]] = 255
        return table[self._codes][..., None]

    def _describe_frequent(self) -> str:
        """Return the most frequent colors with their shares of the map, such as '#ff0000 (60%) and #0000ff (40%)'."""
        order = np.argsort(-self._counts, kind="stable")
        texts = [
            f"#{red:02x}{green:02x}{blue:02x} ({100 * self._counts[index] / self._codes.size:.3g}%)"
            for index in order[:FREQUENT_COLORS]
            for red, green, blue in [self._colors[index]]
        ]
        return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts) or "all transparent"


def _to_levels(samples: PixelArray) -> PixelArray:
    """Return samples as uint8."""
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype == np.uint16:
        return np.rint(samples / 257).astype(np.uint8)
    return np.rint(samples.astype(np.float64) * 255).astype(np.uint8)


def _pack(levels: PixelArray) -> PixelArray:
    """Return a number for each pixel's color (H, W), or TRANSPARENT, of samples (H, W, 1 to 4) of uint8."""
    red, green, blue = (levels[..., channel if levels.shape[2] > 2 else 0] for channel in range(3))
    codes = red.astype(np.int32) << 8
    codes |= green
    codes <<= 8
    codes |= blue
    if levels.shape[2] in (2, 4):
        codes[levels[..., -1] <= MIXTURE_TOLERANCE] = TRANSPARENT
    return codes


def _unpack(codes: PixelArray) -> Colors:
    """Return the red, green and blue of colors, (n, 3)."""
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=1).astype(np.int16)


def _distances(colors: Colors, others: Colors) -> PixelArray:
    """Return the largest difference of a channel between every color and every other, (n, m)."""
    distances: PixelArray = np.abs(colors[:, None] - others[None]).max(2)
    return distances


def _find_filled(codes: PixelArray) -> PixelArray:
    """Return the colors that fill a square of 3 x 3 pixels, or of the smaller side of a smaller map."""
    for _ in range(2):  # along the rows, and then along the columns of what is left
        side = min(len(codes), 3)
        first = codes[: len(codes) - side + 1]
        parts = [codes[start : start + len(first)] for start in range(1, side)]
        is_same = np.logical_and.reduce([part == first for part in parts]) if parts else True
        codes = np.where(is_same, first, TRANSPARENT).T
    return np.unique(codes)


class LabelMaps:
    """Reads the masks of a run that are regions of segmentation maps; each map is decoded once.

    Args:
        group: the processes among which the rows are split; the first one decodes the files.
        max_pixels: larger maps are refused.
    """

    def __init__(self, group: ProcessGroup, max_pixels: int) -> None:
        self._group = group
        self._max_pixels = max_pixels
        self._files: dict[Path, tuple[LabelMap, DecodedFile]] = {}

    def read(self, mask: ColorMask) -> Picture:
        """Return a mask as a gray picture, white inside; all processes have to call this.

        Raises what `reading.read` raises, and ImageError for a color that does not occur.
        """
        if not isinstance(mask.source, str | Path):
            picture = self._read_from_memory(mask)
        else:
            path = Path(mask.source)
            if self._group.size > 1:
                picture = scatter(path, self._group, lambda: self._decode(path, mask.colors))
            else:
                file = self._decode(path, mask.colors)
                picture = from_samples(file.samples, name=repr(str(path)), sha256=file.sha256, path=path)
        return replace(picture, map_colors=mask.colors)

    def _decode(self, path: Path, colors: tuple[str, ...]) -> DecodedFile:
        """Return the file with the mask of some colors as its samples."""
        if path not in self._files:
            file = decode_file(path, self._max_pixels)
            label_map = LabelMap(file.samples, repr(str(path)), is_lossy=file.is_lossy)
            self._files[path] = label_map, file._replace(samples=file.samples[:0], bits=8)
        label_map, file = self._files[path]
        return file._replace(samples=label_map.find_region(colors))

    def _read_from_memory(self, mask: ColorMask) -> Picture:
        picture = read(mask.source, max_pixels=self._max_pixels)
        planes = [picture.pixels] if picture.alpha is None else [picture.pixels, picture.alpha]
        samples = np.concatenate([plane[0].permute(1, 2, 0).numpy() for plane in planes], axis=2)
        region = LabelMap(samples, picture.name, is_lossy=False).find_region(mask.colors)
        whole = from_samples(region, name=picture.name, sha256=picture.sha256, path=picture.path)
        return whole if self._group.size == 1 else crop(whole, RowShard.split(whole.height, self._group))
