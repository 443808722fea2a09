"""The F-measure of edges: closed forms, distance transforms at every threshold, and photographs with annotations."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

from barestyle.metrics.boundaries import TOLERANCE, boundary_f_measure, detect_edges
from barestyle.metrics.structure import luma
from tests.conftest import SHARED, drawing, planes

HEIGHT, WIDTH = 200, 260
REACH = TOLERANCE * math.hypot(HEIGHT, WIDTH)
"""The tolerance in pixels: 2.5."""


def paint_ellipse(shift: float = 0.0) -> Tensor:
    """A light ellipse on a dark ground, as (1, 3, H, W)."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    inside = ((x - 120 - shift) / 80) ** 2 + ((y - 100) / 60) ** 2 < 1
    return (0.2 + 0.6 * inside).expand(1, 3, HEIGHT, WIDTH).contiguous()


def outline(image: Tensor) -> Tensor:
    """The pixels whose right or lower neighbor has another value, as (H, W)."""
    gray = image[0, 0]
    marked = torch.zeros_like(gray)
    marked[:, :-1] += gray.diff(dim=1) != 0
    marked[:-1] += gray.diff(dim=0) != 0
    return marked.clamp(max=1)


def paint_steps(*columns: int) -> Tensor:
    """Steps of lightness at the given columns."""
    lightness = sum((torch.arange(WIDTH) >= column).float() for column in columns) / (len(columns) + 1)
    assert isinstance(lightness, Tensor)
    return lightness.expand(1, 3, HEIGHT, WIDTH).contiguous()


def sweep(image: Tensor, boundaries: Tensor) -> float:
    """The best F-measure by two distance transforms for each threshold, at an image of the map's size."""
    strength = detect_edges(luma(image)[0, 0].double().numpy())
    weights = boundaries.double().numpy()
    tolerance = max(TOLERANCE * math.hypot(*weights.shape), 1)
    to_boundary = ndimage.distance_transform_edt(weights == 0)
    best = 0.0
    for threshold in np.unique(strength[strength > 0]):
        edges = strength >= threshold
        precision = (to_boundary[edges] <= tolerance).mean()
        recall = weights[ndimage.distance_transform_edt(~edges) <= tolerance].sum() / weights.sum()
        if precision + recall > 0:
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def test_edges_on_the_boundaries_score_nearly_one() -> None:
    image = paint_ellipse()
    assert boundary_f_measure(image, outline(image)) > 0.99


def test_edges_are_one_pixel_wide_and_in_place() -> None:
    edges = detect_edges(luma(paint_steps(100))[0, 0].double().numpy()) > 0
    assert (edges.sum(axis=1) == 1).all(), "one of the two pixels beside the step"
    assert set(np.flatnonzero(edges.any(axis=0))) <= {99, 100}


@pytest.mark.parametrize("gray", [0.0, 0.3, 1.0])
def test_a_blank_image_scores_zero(gray: float) -> None:
    assert boundary_f_measure(torch.full((1, 3, HEIGHT, WIDTH), gray), outline(paint_ellipse())) == 0


def test_an_empty_map_is_an_error() -> None:
    with pytest.raises(ValueError, match="the map of boundaries is empty"):
        boundary_f_measure(paint_ellipse(), torch.zeros(HEIGHT, WIDTH))


def test_a_shift_counts_beyond_the_tolerance_only() -> None:
    boundaries = outline(paint_ellipse())
    near, far = (boundary_f_measure(paint_ellipse(factor * REACH), boundaries) for factor in (0.5, 4))
    assert near > 0.98
    assert far < 0.7


def test_recall_is_weighted_by_annotators() -> None:
    """One of two boundaries has an edge, so precision is 1 and recall the share of its annotators."""
    boundaries = torch.zeros(HEIGHT, WIDTH)
    boundaries[:, 80], boundaries[:, 180] = 0.8, 0.2
    for column, recall in ((80, 0.8), (180, 0.2)):
        assert boundary_f_measure(paint_steps(column), boundaries) == pytest.approx(2 * recall / (1 + recall))
    assert boundary_f_measure(paint_steps(80, 180), boundaries) == pytest.approx(1)
    only_one = torch.where(boundaries > 0.5, boundaries, 0)
    assert boundary_f_measure(paint_steps(80, 180), only_one) == pytest.approx(2 / 3), "precision is 1/2"


def test_it_equals_distance_transforms_at_every_threshold() -> None:
    random = np.random.default_rng(0)
    for seed, size in enumerate(((48, 40), (30, 64))):
        image = planes(drawing(*size, seed=seed))
        marks = np.where(random.random(size[::-1]) < 0.05, random.choice([0.2, 0.6, 1.0], size[::-1]), 0)
        boundaries = torch.from_numpy(marks)
        expected = sweep(image, boundaries)
        assert expected > 0.1
        assert boundary_f_measure(image, boundaries) == pytest.approx(expected, rel=1e-9)


def test_noise_and_strokes_lower_the_score() -> None:
    image = paint_ellipse()
    boundaries = outline(image)
    noise = torch.randn(1, 1, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    strokes = torch.nn.functional.avg_pool2d(noise, (3, 15), stride=1, padding=(1, 7)) * 6
    for texture in (noise, strokes):
        scores = [boundary_f_measure((image + amount * texture).clamp(0, 1), boundaries) for amount in (0, 0.4, 2)]
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] < 0.6


@pytest.mark.parametrize("factor", [0.5, 2])
def test_the_map_is_resized_without_losing_lines(factor: float) -> None:
    image = planes(drawing(WIDTH, HEIGHT, seed=3))
    boundaries = outline(paint_ellipse())
    size = round(HEIGHT * factor), round(WIDTH * factor)
    resized = torch.nn.functional.interpolate(paint_ellipse(), size, mode="bilinear", antialias=True)
    assert boundary_f_measure(resized, boundaries) > 0.97
    assert boundary_f_measure(image, boundaries) < 0.8


def read_photograph(archive: zipfile.ZipFile, name: str) -> tuple[Tensor, Tensor]:
    photograph = Image.open(io.BytesIO(archive.read(f"photographs/{name}.jpg")))
    marks = np.array(Image.open(io.BytesIO(archive.read(f"boundaries/{name}.png"))))
    return planes(photograph), torch.from_numpy(marks) / 255


def test_a_photograph_follows_its_own_boundaries_better_than_anothers() -> None:
    path = SHARED / "data" / "photographs.zip"
    if not path.is_file():
        pytest.skip("the annotated photographs are not there (shared/data)")
    names = ("118035", "35010", "253027", "285036")
    with zipfile.ZipFile(path) as archive:
        pairs = [read_photograph(archive, name) for name in names]
    for number, (photograph, boundaries) in enumerate(pairs):
        other = pairs[(number + 1) % len(pairs)][0]
        assert boundary_f_measure(photograph, boundaries) > boundary_f_measure(other, boundaries) + 0.15
