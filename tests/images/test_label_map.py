"""Masks by color: regions of segmentation maps, exact, antialiased and lossy, and colors that do not occur."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from barestyle.distributed import ALONE
from barestyle.errors import ImageError, SpecError
from barestyle.images import ColorMask, LabelMaps, MaskSource, PixelArray, read
from barestyle.images.color_mask import parse_color
from barestyle.images.label_map import LabelMap

RED, BLUE, YELLOW, BLACK = (255, 0, 0), (0, 0, 255), (250, 220, 0), (0, 0, 0)
LABELS = np.array([RED, BLUE, YELLOW, BLACK], np.uint8)


def draw_labels(height: int = 60, width: int = 80) -> np.ndarray[Any, Any]:
    """Return the index of each pixel's label: a circle, a slanted edge and a corner on black."""
    y, x = np.mgrid[:height, :width]
    labels = np.full((height, width), 3)
    labels[(x - 25) ** 2 + (y - 30) ** 2 < 18**2] = 0
    labels[x - y / 2 > 45] = 1
    labels[(x > 60) & (y < 15)] = 2
    return labels


def region(samples: PixelArray, *colors: str, is_lossy: bool = False) -> np.ndarray[Any, Any]:
    return np.asarray(LabelMap(samples, "'map'", is_lossy=is_lossy).find_region(colors)[..., 0] == 255)


def read_mask(source: Any, *colors: str) -> np.ndarray[Any, Any]:
    pixels = LabelMaps(ALONE, 10**6).read(ColorMask(source, *colors)).pixels
    assert set(np.unique(pixels.numpy())) <= {0.0, 1.0}
    return np.asarray(pixels[0, 0].numpy() == 1)


@pytest.mark.parametrize("number", range(4))
def test_an_exact_map_gives_exact_regions(tmp_path: Path, number: int) -> None:
    labels = draw_labels()
    color = "#{:02x}{:02x}{:02x}".format(*LABELS[number])
    Image.fromarray(LABELS[labels]).save(tmp_path / "map.png")
    for source in (tmp_path / "map.png", LABELS[labels], Image.fromarray(LABELS[labels]), LABELS[labels] / 255):
        assert np.array_equal(read_mask(source, color), labels == number)
    assert np.array_equal(read_mask(LABELS[labels].astype(np.uint16) * 257, color), labels == number)
    indexed = Image.fromarray(labels.astype(np.uint8), mode=None)
    indexed = indexed.convert("P")
    indexed.putpalette(LABELS.tobytes())
    indexed.save(tmp_path / "map.gif")
    assert np.array_equal(read_mask(tmp_path / "map.gif", color), labels == number)


def test_several_colors_are_the_union_of_their_regions() -> None:
    labels = draw_labels()
    assert np.array_equal(region(LABELS[labels], "#ff0000", "#0000ff"), labels < 2)


def test_neighboring_levels_are_different_labels() -> None:
    """Maps of label numbers differ by one level."""
    labels = draw_labels().astype(np.uint8)
    for number in range(4):
        assert np.array_equal(region(labels[..., None], f"#{number:02x}{number:02x}{number:02x}"), labels == number)


def draw_antialiased(scale: int = 4) -> tuple[PixelArray, np.ndarray[Any, Any]]:
    """Return a map whose edges are mixtures, and the label that covers most of each pixel."""
    labels = draw_labels(60 * scale, 80 * scale)
    blocks = labels.reshape(60, scale, 80, scale)
    coverage = np.stack([(blocks == number).mean((1, 3)) for number in range(4)], axis=2)
    return (coverage @ LABELS.astype(float)).round().astype(np.uint8), coverage


def test_antialiased_edges_belong_to_the_label_that_covers_most() -> None:
    samples, coverage = draw_antialiased()
    assert len(np.unique(samples.reshape(-1, 3), axis=0)) > 10
    for number, color in ((0, "#ff0000"), (1, "#0000ff")):
        found = region(samples, color)
        assert found[coverage[..., number] > 0.6].all()
        assert not found[coverage[..., number] < 0.4].any()


@pytest.mark.parametrize("quality", [60, 75, 95])
def test_lossy_maps_are_nearly_as_exact(tmp_path: Path, quality: int) -> None:
    labels = draw_labels(240, 320)
    for name in ("map.jpg", "map.webp"):
        Image.fromarray(LABELS[labels]).save(tmp_path / name, quality=quality)
        for number, color in ((0, "#ff0000"), (1, "blue"), (2, "#fadc00")):
            assert (read_mask(tmp_path / name, color) != (labels == number)).mean() < 0.02


def test_a_label_without_a_name_stays_outside(tmp_path: Path) -> None:
    """A color beside the named one is a label, in lossless maps however close it is."""
    samples = np.zeros((40, 40, 3), np.uint8)
    samples[:, :20] = (200, 0, 0)
    samples[:, 20:] = (203, 0, 0)
    assert np.array_equal(region(samples, "#c80000"), samples[..., 0] == 200)
    samples[:, 20:] = (230, 0, 0)
    Image.fromarray(samples).save(tmp_path / "map.jpg", quality=95, subsampling=0)
    assert (read_mask(tmp_path / "map.jpg", "#c80000") != (samples[..., 0] == 200)).mean() < 0.01


def test_transparent_pixels_belong_to_no_region() -> None:
    labels = draw_labels()
    alpha = np.where(np.arange(80) < 40, 255, 0).astype(np.uint8)[None].repeat(60, 0)
    samples = np.concatenate([LABELS[labels], alpha[..., None]], axis=2)
    assert np.array_equal(region(samples, "#000000"), (labels == 3) & (alpha > 0))


@pytest.mark.parametrize("is_lossy", [False, True])
def test_a_color_that_does_not_occur(is_lossy: bool) -> None:
    samples = LABELS[draw_labels()]
    with pytest.raises(ImageError) as error:
        region(samples, "#ff0000", "#00ff00", is_lossy=is_lossy)
    message = str(error.value)
    assert message.startswith("'map' has no pixel of the color #00ff00; its most frequent colors are #000000 (")
    assert message.endswith("%) and #fadc00 (" + f"{100 * (draw_labels() == 2).mean():.3g}%)")


def test_a_color_that_is_too_far_from_those_of_a_lossy_map() -> None:
    samples = np.full((20, 20, 3), (40, 0, 0), np.uint8)
    assert region(samples, "#180000", is_lossy=True).all()
    with pytest.raises(ImageError, match="#170000"):
        region(samples, "#170000", is_lossy=True)


def test_a_thin_line_of_a_named_color_counts() -> None:
    image = Image.new("RGB", (40, 40), BLUE)
    ImageDraw.Draw(image).line((0, 20, 39, 20), fill=RED)
    assert np.array_equal(region(np.asarray(image), "#ff0000"), np.asarray(image)[..., 0] == 255)


def test_a_map_of_a_single_row_or_color() -> None:
    assert region(np.full((1, 5, 3), 7, np.uint8), "#070707").all()
    assert region(np.full((2, 1, 3), 7, np.uint8), "#070707").all()


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#FF0000", "#ff0000"),
        ("#f0a", "#ff00aa"),
        ("navy", "#000080"),
        ("RED", "#ff0000"),
        *((text, None) for text in ("", "#ff00", "#ff0000ff", "#gg0000", "ff0000", "rgb(1,2,3)", "dark sky")),
    ],
)
def test_colors(text: str, color: str | None) -> None:
    if color is None:
        with pytest.raises(SpecError, match=r"is not a color; write #rrggbb, #rgb, or a CSS color name such as red"):
            parse_color(text)
    else:
        assert parse_color(text) == color


def test_a_color_mask_without_colors_or_with_the_same_twice() -> None:
    with pytest.raises(SpecError, match="needs at least one color"):
        ColorMask("map.png")
    assert ColorMask("map.png", "red", "#f00", "blue").colors == ("#ff0000", "#0000ff")


def test_a_map_is_decoded_once(tmp_path: Path) -> None:
    """The second region is that of the first reading, even if the file is gone."""
    path = tmp_path / "map.png"
    Image.fromarray(LABELS[draw_labels()]).save(path)
    maps = LabelMaps(ALONE, 10**6)
    first = maps.read(ColorMask(path, "#ff0000"))
    path.unlink()
    second = maps.read(ColorMask(path, "#0000ff"))
    assert first.sha256 == second.sha256
    assert first.mask_key != second.mask_key
    assert torch.equal(second.pixels[0, 0] == 1, torch.from_numpy(draw_labels() == 1))


def test_a_picture_that_was_read_before(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(LABELS[draw_labels()]).save(buffer, "PNG")
    (tmp_path / "map.png").write_bytes(buffer.getvalue())
    source: MaskSource = read(tmp_path / "map.png")
    assert np.array_equal(read_mask(source, "red"), draw_labels() == 0)
