"""Painting without PyTorch: the same pictures, and what is kept between commands."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from barestyle.errors import ImageError
from barestyle.feed_forward import StylePainter, graph_cache
from barestyle.feed_forward.graph_cache import MOST_GRAPHS, graph_path, load_graph, store_graph
from barestyle.feed_forward.graph_painter import GraphPainter
from barestyle.feed_forward.onnx_session import count_threads
from barestyle.feed_forward.picture_graph import build_picture_model
from tests.feed_forward.cases import make_image, make_style


@pytest.mark.parametrize("size", [(64, 48), (37, 61), (16, 16)])
@pytest.mark.parametrize(("mix", "strength"), [(None, 1.0), ({"style 1": 1.0, "style 2": 3.0}, 0.7), (None, 0.25)])
def test_pixels_are_those_of_pytorch(size: tuple[int, int], mix: dict[str, float] | None, strength: float) -> None:
    style, image = make_style(), make_image(*size)
    weights = style.mix(mix, strength)
    painter = GraphPainter(build_picture_model(style, weights))
    painted = torch.from_numpy(painter.paint(image[0].permute(1, 2, 0).numpy())).permute(2, 0, 1)[None]
    for engine in ("torch", "onnx"):
        expected = StylePainter(style, weights, engine=engine).paint(image)
        torch.testing.assert_close(painted, expected, atol=1e-4, rtol=0)
    assert painter.photo_weight == pytest.approx(1 - strength)
    assert list(painter.style_weights) == ["style 1", "style 2"]
    assert list(painter.style_weights.values()) == pytest.approx(weights[0, 1:].tolist(), abs=1e-6)


def test_images_that_are_too_small_or_too_large() -> None:
    painter = GraphPainter(build_picture_model(make_style(), make_style().mix()))
    with pytest.raises(ImageError, match="40 x 15 pixels, but a trained style needs at least 16 per side"):
        painter.paint(np.zeros((15, 40, 3), np.float32))
    assert GraphPainter.is_suited(512, 512)
    assert not GraphPainter.is_suited(512, 513)


def test_threads_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert count_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert 1 <= count_threads() <= (os.cpu_count() or 1)


def test_a_change_of_the_code_changes_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "finishing.py").write_text("KEPT_SHARE = 0.2")
    monkeypatch.setattr(graph_cache, "__file__", str(tmp_path / "graph_cache.py"))
    before = graph_cache.hash_code.__wrapped__()
    (tmp_path / "finishing.py").write_text("KEPT_SHARE = 0.3")
    assert graph_cache.hash_code.__wrapped__() != before != graph_cache.hash_code()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of graphs, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "barestyle" / "graphs"


def test_a_graph_is_kept_and_a_damaged_one_is_not_used(cache: Path) -> None:
    path = graph_path("ab", None, 1.0)
    assert path.parent == cache
    assert load_graph(path) is None
    assert store_graph(path, b"a graph")
    assert load_graph(path) == b"a graph"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert load_graph(path) is None
    path.write_bytes(b"")
    assert load_graph(path) is None
    path.unlink()
    path.mkdir()
    assert load_graph(path) is None


def test_each_style_mixture_and_strength_has_a_graph_of_its_own(cache: Path) -> None:
    mixtures: list[dict[str, float] | None] = [None, {"a": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 2.0}]
    paths = {graph_path(sha, mix, strength) for sha in ("ab", "cd") for mix in mixtures for strength in (1.0, 0.5)}
    assert len(paths) == 16
    assert graph_path("ab", {"a": 1.0}, 1) in paths


def test_the_oldest_graphs_make_way(cache: Path) -> None:
    paths = [graph_path("ab", None, number / 100) for number in range(MOST_GRAPHS + 3)]
    for number, path in enumerate(paths):
        assert store_graph(path, b"graph")
        os.utime(path, (number, number))
    assert store_graph(graph_path("cd", None, 1.0), b"new")
    assert {*cache.iterdir()} == {*paths[4:], graph_path("cd", None, 1.0)}


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    path = graph_path("ab", None, 1.0)
    assert not store_graph(path, b"graph")
    assert load_graph(path) is None
