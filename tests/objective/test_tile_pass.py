"""Tiles: the whole picture's loss and gradient, however it is cut, for every family of networks.

The oracle is plain autograd through the network, in float64.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from barestyle.losses.gram import gram, gram_loss
from barestyle.losses.moments import moments
from barestyle.losses.total_variation import total_variation_loss
from barestyle.losses.whitened import whitened_loss, whitened_style
from barestyle.networks import Network, Size, build
from barestyle.objective import Evaluation, Tiling, assemble, features_bytes
from barestyle.objective.tile_grid import tiles
from barestyle.objective.tile_pass import TilePass
from barestyle.spec import FeatureContentLoss, GramLoss, LuminanceContentLoss, Spec, TotalVariation, with_settings
from tests.losses.test_luminance_content import plain_forms_loss

FAMILIES: dict[str, dict[str, Any]] = {
    "vgg": {"network.channels": [4, 5, 6, 7, 8]},
    "average pooling": {"network.channels": 4, "network.pooling": "average"},
    "no pooling": {"network.channels": 4, "network.pooling": "none"},
    "one layer": {"network.channels": [6], "network.pooling": "none", "style_loss.taps": [1]},
    "pooled after the first layer": {"network.channels": 4, "network.pooling.after": [1, 3]},
    "linear, kernels of 2": {"network.channels": 4, "network.activation": "none", "network.kernel_size": 2},
    "hand-made": {"network": "hand-made", "network.basic_set": 1, "network.strategy": 1},
    "gaussian pyramid": {"network": "pyramid", "network.channels": 4, "network.levels": 3, "style_loss.taps": [1, 3]},
    "laplacian pyramid, pooled": {
        "network": "pyramid",
        "network.bands": "laplacian",
        "network.channels": 4,
        "network.levels": 2,
        "network.pooling": "max",
        "style_loss.taps": [1, 2],
    },
    "gabor": {"network.channels": 6, "network.pooling": "none", "network.padding": "reflect", "network.gabor": 0.5},
    "mirrored borders": {"network.channels": 4, "network.pooling": "none", "network.padding": "reflect"},
    "mirrored borders, one pooling": {
        "network.channels": [4, 5, 6],
        "network.pooling.after": [1],
        "network.padding": "reflect",
        "style_loss.taps": [1, 2, 3],
    },
    "mirrored borders, kernels of 2": {
        "network": "hand-made",
        "network.basic_set": 1,
        "network.strategy": 1,
        "network.padding": "reflect",
    },
    "mirrored pyramid": {
        "network": "pyramid",
        "network.channels": 4,
        "network.levels": 3,
        "network.padding": "reflect",
        "style_loss.taps": [1, 3],
    },
}
EXTRAS: dict[str, dict[str, Any]] = {
    "gram": {"style_loss": "gram"},
    "whitened, content, smoothness": {
        "style_loss": "whitened",
        "content_loss": "features",
        "smoothness": "total-variation",
    },
    "whitened, luminance content": {"style_loss": "whitened", "content_loss": "luminance", "content_loss.cells": 8},
}


def spec_of(family: str, extra: str, content_tap: int = 1) -> Spec:
    chosen = {**FAMILIES[family], **EXTRAS[extra]}
    if chosen.get("content_loss") == "features":
        chosen["content_loss.tap"] = content_tap
    return with_settings(Spec(), chosen)


def picture(height: int, width: int, seed: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_autograd(spec: Spec, network: Network, content: Tensor, style: Tensor, image: Tensor) -> Evaluation:
    """Loss and gradient, computed plainly."""
    leaf = image.clone().requires_grad_(True)
    taps, wanted = network(leaf), network(style)
    loss = torch.zeros((), dtype=image.dtype)
    for tap in spec.style_loss.taps:
        own, target = moments(taps[tap]), moments(wanted[tap])
        if isinstance(spec.style_loss, GramLoss):
            loss = loss + spec.style_loss.weight * gram_loss(own, gram(target))
        else:
            whitened = whitened_loss(own, whitened_style(target, spec.style_loss.epsilon))
            loss = loss + spec.style_loss.weight * whitened / len(spec.style_loss.taps)
    if isinstance(spec.content_loss, FeatureContentLoss):
        tap = spec.content_loss.tap
        loss = loss + spec.content_loss.weight * F.mse_loss(taps[tap], network(content)[tap].detach())
    if isinstance(spec.content_loss, LuminanceContentLoss):
        loss = loss + plain_forms_loss(leaf, content, spec.content_loss.cells)
    if isinstance(spec.smoothness, TotalVariation):
        loss = loss + spec.smoothness.weight * total_variation_loss(leaf)
    (gradient,) = torch.autograd.grad(loss, leaf)
    return Evaluation(loss.detach(), {}, gradient)


def close(found: Evaluation, expected: Evaluation, tolerance: float) -> None:
    assert float(found.loss) == pytest.approx(float(expected.loss), rel=tolerance)
    error = (found.gradient - expected.gradient).norm() / expected.gradient.norm()
    assert float(error) < tolerance


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    height=st.integers(17, 45),
    width=st.integers(17, 45),
    rows=st.integers(9, 50),
    columns=st.integers(9, 50),
    held=st.integers(1, 5),
)
def test_tiles_equal_the_whole(
    family: str, extra: str, height: int, width: int, rows: int, columns: int, held: int
) -> None:
    """Odd sizes, tiles that don't divide them, and tiles larger than the picture."""
    spec = spec_of(family, extra)
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    content, style, image = picture(height, width, 0), picture(31, 22, 1), picture(height, width, 2)
    expected = by_autograd(spec, network, content, style, image)
    tiled = assemble(spec, network, content, style, tiling=Tiling(Size(rows, columns), held))
    for _ in range(2):  # the second works in the first one's memory
        close(tiled.evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("family", ["vgg", "hand-made", "average pooling"])
@pytest.mark.parametrize("tap", [1, 2, 3])
def test_deep_content_losses_are_tiled_too(family: str, tap: int) -> None:
    spec = spec_of(family, "whitened, content, smoothness", content_tap=tap)
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    content, style, image = picture(39, 41, 0), picture(40, 30, 1), picture(39, 41, 2)
    expected = by_autograd(spec, network, content, style, image)
    for tiling in (Tiling(), Tiling(Size(16, 20)), Tiling(Size(8, 64), 2)):
        objective = assemble(spec, network, content, style, tiling=tiling)
        for _ in range(2):
            close(objective.evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_bands_equal_the_whole(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles are worked on in bands of rows; here as low as they get, with and without a rest."""
    spec = spec_of(family, "whitened, content, smoothness")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    content, style, image = picture(37, 26, 0), picture(20, 33, 1), picture(37, 26, 2)
    expected = by_autograd(spec, network, content, style, image)
    for band in (1, 900, 2500):
        monkeypatch.setattr("barestyle.objective.tile_pass.BAND", band)
        close(assemble(spec, network, content, style).evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_float32_rounds_like_autograd(family: str) -> None:
    spec = spec_of(family, "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap)
    pictures = picture(39, 41, 0), picture(40, 30, 1), picture(39, 41, 2)
    exact = by_autograd(spec, build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double(), *pictures)
    content, style, image = (one.float() for one in pictures)
    close(assemble(spec, network, content, style, tiling=Tiling(Size(16, 16))).evaluate(image), exact, 3e-5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(height=st.integers(2, 90), width=st.integers(2, 90), rows=st.integers(1, 100), columns=st.integers(1, 100))
def test_tiles_cover_every_pixel_once(height: int, width: int, rows: int, columns: int) -> None:
    spec = spec_of("vgg", "gram")
    (stack,) = build(spec.network, seed=0, deepest_tap=5).stacks
    covered = torch.zeros(height, width)
    for own, seen, _ in tiles(stack, Size(height, width), Size(rows, columns)):  # type: ignore[arg-type]
        covered[own.top : own.bottom, own.left : own.right] += 1
        assert seen.top <= own.top < own.bottom <= seen.bottom
        assert own.size.height <= max(rows, 4) + 3, "no larger than asked for, but for the alignment's rest"
    assert bool((covered == 1).all())


@pytest.mark.parametrize("family", ["vgg", "no pooling", "gaussian pyramid"])
def test_bf16_points_the_same_way(family: str) -> None:
    """Its gradient, against targets of its own precision; against float32's targets it would be another problem."""
    spec = spec_of(family, "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap)
    narrow = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).bfloat16()
    content, style, image = (picture(*size).float() for size in ((96, 80, 0), (80, 96, 1), (96, 80, 2)))
    image = image.square()  # darker than the style: random pictures all have the same statistics
    exact = assemble(spec, network, content, style).evaluate(image)
    found = assemble(spec, narrow, content, style, tiling=Tiling(Size(40, 80), 2)).evaluate(image)
    assert found.gradient.dtype == torch.float32
    assert float(F.cosine_similarity(found.gradient.flatten(), exact.gradient.flatten(), dim=0)) > 0.99
    assert float(found.loss) == pytest.approx(float(exact.loss), rel=0.05)


@pytest.mark.parametrize("failures", [1, 4])
def test_running_out_of_memory_makes_tiles_smaller(failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of("vgg", "whitened, content, smoothness")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    content, style, image = picture(300, 80, 0), picture(100, 80, 1), picture(300, 80, 2)
    expected = assemble(spec, network, content, style).evaluate(image)
    objective = assemble(spec, network, content, style)
    seen: list[int] = []
    backward = TilePass.backward

    def exhausted(self: TilePass, *arguments: Any) -> Tensor:
        if len(seen) < failures:
            seen.append(self._size.height)
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: ...")
        return backward(self, *arguments)

    monkeypatch.setattr(TilePass, "backward", exhausted)
    close(objective.evaluate(image), expected, 1e-9)
    assert len(seen) == failures
    assert seen == sorted(seen, reverse=True)
    assert objective.tiling.side is not None


def test_where_tiles_cannot_be_smaller_the_failure_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of("vgg", "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    objective = assemble(spec, network, picture(200, 200, 0), picture(100, 80, 1))

    def exhausted(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(TilePass, "backward", exhausted)
    with pytest.raises(torch.OutOfMemoryError):
        objective.evaluate(picture(200, 200, 2))
    assert objective.tiling.side == Size(64, 64)


def test_other_failures_are_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of("vgg", "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    objective = assemble(spec, network, picture(64, 64, 0), picture(64, 64, 1))
    calls: list[int] = []

    def broken(*_: Any) -> None:
        calls.append(1)
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(TilePass, "backward", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        objective.evaluate(picture(64, 64, 2))
    assert calls == [1]


def test_the_footprint_is_what_a_sweep_keeps() -> None:
    for family in ("vgg", "no pooling", "hand-made", "gaussian pyramid"):
        spec = spec_of(family, "gram")
        network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap)
        objective = assemble(spec, network, picture(64, 48, 0).float(), picture(64, 48, 1).float())
        objective.evaluate(picture(64, 48, 2).float())
        assert features_bytes(network, Size(64, 48), None) == 4 * objective._buffers.numel


def test_tiles_of_several_sizes_share_their_memory() -> None:
    """Those at the borders see less than those inside; together they take little more than one of the largest."""
    spec = spec_of("vgg", "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap)
    objective = assemble(spec, network, picture(150, 130, 0).float(), picture(64, 48, 1).float())
    objective.tiling = Tiling(Size(40, 40))
    objective.evaluate(picture(150, 130, 2).float())
    assert 4 * objective._buffers.numel <= 1.3 * features_bytes(network, Size(150, 130), Size(40, 40))
