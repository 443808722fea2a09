"""Painted regions become masks that cover the photo once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from barestyle.images import read
from barestyle.ui.errors import PageError
from barestyle.ui.regions import KEEP_COLOR, STYLE_COLORS, Samples, make_layer, split_regions, write_masks


def paint(**colors: str | None) -> Samples:
    """Return a layer of 40 x 30 pixels whose quarters, named by their corner, have a color or none."""
    layer = np.zeros((30, 40, 4), np.uint8)
    corners = {"nw": (0, 0), "ne": (0, 20), "sw": (15, 0), "se": (15, 20)}
    for corner, color in colors.items():
        top, left = corners[corner]
        if color is not None:
            layer[top : top + 15, left : left + 20] = (*ImageColor.getrgb(color)[:3], 255)
    return layer


def test_unpainted_parts_get_the_first_style() -> None:
    masks, keep = split_regions(paint(nw=STYLE_COLORS[0], ne=STYLE_COLORS[1], sw=KEEP_COLOR), 2)
    assert keep is not None
    first, second = masks
    assert first is not None
    assert second is not None
    assert (first.astype(int) + second == 255).all(), "each pixel has one style"
    assert second[:15, 20:].all()
    assert keep[15:, :20].all()
    assert keep.sum() == 15 * 20 * 255


def test_a_style_without_a_region_fills_the_rest() -> None:
    masks, keep = split_regions(paint(nw=STYLE_COLORS[1]), 2)
    assert masks[0] is None
    assert masks[1] is not None
    assert keep is None


def test_no_region_means_everywhere() -> None:
    assert split_regions(paint(), 2) == ([None, None], None)
    assert split_regions(paint(nw=STYLE_COLORS[0]), 1) == ([None], None), "a single style is everywhere"


def test_soft_edges_belong_to_the_nearest_color_where_they_are_opaque() -> None:
    layer = paint(nw=STYLE_COLORS[1])
    layer[0, 0] = (*(np.array(ImageColor.getrgb(STYLE_COLORS[1])) + 20), 200)
    layer[0, 1, 3] = 100
    mask = split_regions(layer, 2)[0][1]
    assert mask is not None
    assert mask[0, :3].tolist() == [255, 0, 255]


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(PageError, match="a region of style 3 is painted, but there is no style 3"):
        split_regions(paint(nw=STYLE_COLORS[2]), 2)
    with pytest.raises(PageError, match="the whole photo is protected"):
        split_regions(paint(nw=KEEP_COLOR, ne=KEEP_COLOR, sw=KEEP_COLOR, se=KEEP_COLOR), 1)


def test_masks_are_written_for_the_run(tmp_path: Path) -> None:
    regions = write_masks(paint(nw=STYLE_COLORS[1], se=KEEP_COLOR), 2, tmp_path / "masks")
    assert regions.masks[0] is None
    assert regions.masks[1] is not None
    assert regions.keep is not None
    with Image.open(regions.masks[1]) as mask:
        assert (mask.size, mask.mode) == ((40, 30), "L")
        assert mask.getextrema() == (0, 255)


def test_a_mask_file_becomes_the_same_regions(tmp_path: Path) -> None:
    """A colored map names the styles; in a gray one, white is what to keep."""
    layer = paint(nw=STYLE_COLORS[1], se=KEEP_COLOR)
    map_file = tmp_path / "map.png"
    black = np.where(layer[..., 3:] > 0, layer[..., :3], 0).astype(np.uint8)
    Image.fromarray(black).save(map_file)
    read_back = make_layer(read(map_file), 30, 40)
    is_painted = layer[..., 3] > 0
    assert (read_back[is_painted] == layer[is_painted]).all()
    assert not read_back[~is_painted, 3].any()
    gray_file = tmp_path / "gray.png"
    Image.fromarray(np.where(paint(nw="#ffffff")[..., 3] > 0, 255, 0).astype(np.uint8)).save(gray_file)
    masks, keep = split_regions(make_layer(read(gray_file), 30, 40), 1)
    assert masks == [None]
    assert keep is not None
    assert keep[:15, :20].all()
    assert keep.sum() == 15 * 20 * 255
