"""Tiles and bands: loss and gradient of the whole image, however it is cut, for every family of networks.

The oracle is plain autograd through the network, in float64.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from barestyle.networks import Size, build_network
from barestyle.objective import Tiling, build_objective
from tests.objective.cases import (
    LOSSES,
    NETWORKS,
    assert_close,
    build_spec,
    draw_image,
    draw_style,
    evaluate_by_autograd,
)


@pytest.mark.parametrize("losses", LOSSES)
@pytest.mark.parametrize("network_name", NETWORKS)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    height=st.integers(17, 45),
    width=st.integers(17, 45),
    rows=st.integers(9, 50),
    columns=st.integers(9, 50),
    resident_tiles=st.integers(1, 5),
)
def test_tiles_equal_the_whole(
    network_name: str, losses: str, height: int, width: int, rows: int, columns: int, resident_tiles: int
) -> None:
    """Odd sizes, tiles that do not divide them, and tiles larger than the image."""
    spec = build_spec(network_name, losses)
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    content, style, image = draw_image(height, width, 0), draw_style(31, 22, 1), draw_image(height, width, 2)
    expected = evaluate_by_autograd(spec, network, content, style, image)
    tiled = build_objective(spec, network, content, style, tiling=Tiling(Size(rows, columns), resident_tiles))
    for _ in range(2):  # the second reuses the memory of the first
        assert_close(tiled.evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("network_name", ["vgg", "hand-made", "average pooling"])
@pytest.mark.parametrize("tap", [1, 2, 3])
def test_deep_content_losses_are_tiled_too(network_name: str, tap: int) -> None:
    spec = build_spec(network_name, "whitened, content, smoothness", content_tap=tap)
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    content, style, image = draw_image(39, 41, 0), draw_style(40, 30, 1), draw_image(39, 41, 2)
    expected = evaluate_by_autograd(spec, network, content, style, image)
    for tiling in (Tiling(), Tiling(Size(16, 20)), Tiling(Size(8, 64), 2)):
        objective = build_objective(spec, network, content, style, tiling=tiling)
        for _ in range(2):
            assert_close(objective.evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("network_name", NETWORKS)
def test_bands_equal_the_whole(network_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands of two rows, and bands that do not divide the tile."""
    spec = build_spec(network_name, "whitened, content, smoothness")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    content, style, image = draw_image(37, 26, 0), draw_style(20, 33, 1), draw_image(37, 26, 2)
    expected = evaluate_by_autograd(spec, network, content, style, image)
    for band in (1, 900, 2500):
        monkeypatch.setattr("barestyle.objective.tile_pass.BAND_VALUES", band)
        assert_close(build_objective(spec, network, content, style).evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("network_name", NETWORKS)
def test_float32_is_as_precise_as_autograd(network_name: str) -> None:
    spec = build_spec(network_name, "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer)
    images = draw_image(39, 41, 0), draw_image(40, 30, 1), draw_image(39, 41, 2)
    exact = evaluate_by_autograd(
        spec, build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double(), *images
    )
    content, style, image = (reference.float() for reference in images)
    objective = build_objective(spec, network, content, style, tiling=Tiling(Size(16, 16)))
    assert_close(objective.evaluate(image), exact, 3e-5)


@pytest.mark.parametrize("network_name", ["vgg", "no pooling", "gaussian pyramid"])
def test_bf16_points_the_same_way(network_name: str) -> None:
    """The gradient, with targets in bfloat16: with those of float32 it would be another problem."""
    spec = build_spec(network_name, "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer)
    narrow = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).bfloat16()
    content, style, image = (draw_image(*size).float() for size in ((96, 80, 0), (80, 96, 1), (96, 80, 2)))
    image = image.square()  # darker than the style: random images all have the same statistics
    exact = build_objective(spec, network, content, style).evaluate(image)
    actual = build_objective(spec, narrow, content, style, tiling=Tiling(Size(40, 80), 2)).evaluate(image)
    assert actual.gradient.dtype == torch.float32
    assert float(F.cosine_similarity(actual.gradient.flatten(), exact.gradient.flatten(), dim=0)) > 0.99
    assert float(actual.loss) == pytest.approx(float(exact.loss), rel=0.05)
