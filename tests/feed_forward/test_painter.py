"""Painting in tiles is painting the whole, with both engines."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from barestyle.errors import DeviceError, ImageError
from barestyle.feed_forward import Statistics, StylePainter, blend_statistics, painter, statistics
from tests.feed_forward.cases import make_image, make_style

ENGINES: tuple[Literal["torch", "onnx"], ...] = ("torch", "onnx")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (37, 50), (64, 45), (250, 17)])
def test_a_small_image_is_painted_as_the_network_does(
    engine: Literal["torch", "onnx"], height: int, width: int
) -> None:
    style, image = make_style(), make_image(height, width)
    weights = style.mix({"style 1": 1, "style 2": 2}, strength=0.8)
    painted = StylePainter(style, weights, engine=engine).paint(image)
    assert painted.shape == image.shape
    torch.testing.assert_close(painted, style.network(image, weights), atol=1e-4, rtol=0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tile_pixels", [80_000, 51_000])
def test_tiles_are_the_whole(engine: Literal["torch", "onnx"], tile_pixels: int) -> None:
    style, image = make_style(), make_image(421, 302)
    weights = style.mix({"style 2": 1}, strength=0.5)
    expected = style.network(image, weights)
    painted = StylePainter(style, weights, engine=engine, tile_pixels=tile_pixels).paint(image)
    torch.testing.assert_close(painted, expected, atol=1e-4, rtol=0)
    # The oracle would not be met with each tile's own statistics.
    left = style.network(image[..., :200], weights)[..., :120]
    assert float((left - expected[..., :120]).abs().max()) > 1e-2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_large_image_has_the_statistics_of_its_copy(
    engine: Literal["torch", "onnx"], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (painter, statistics):
        monkeypatch.setattr(module, "MEASURED_PIXELS", 50 * 60)
    style, image = make_style(), make_image(300, 360)
    small = statistics.shrink_to_measure(image)
    assert small.shape == (1, 3, 50, 60)
    padded = torch.nn.functional.pad(small, (0, 4, 0, 6), mode="reflect")
    expected = style.network(image, style.mix(), style.network.measure_statistics(padded, style.mix()))
    for tile_pixels in (10**6, 51_000):
        painted = StylePainter(style, engine=engine, tile_pixels=tile_pixels).paint(image)
        torch.testing.assert_close(painted, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("engine", ENGINES)
def test_given_statistics_are_used(engine: Literal["torch", "onnx"]) -> None:
    style, first, second = make_style(), make_image(40, 48), make_image(40, 48, seed=2).flip(3)
    own = StylePainter(style, engine=engine)
    measured = own.measure(first)
    expected = style.network.measure_statistics(first, style.mix())
    torch.testing.assert_close(measured.curves, expected.curves, atol=1e-4, rtol=0)
    for (mean, variance), (mean_expected, variance_expected) in zip(measured.norms, expected.norms, strict=True):
        torch.testing.assert_close(mean, mean_expected, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(variance, variance_expected, atol=1e-4, rtol=1e-4)
    painted = own.paint(second, measured)
    torch.testing.assert_close(painted, style.network(second, style.mix(), measured), atol=1e-4, rtol=0)
    assert float((painted - own.paint(second)).abs().max()) > 1e-2


def test_blended_statistics_are_those_of_the_pixels_together() -> None:
    """Of three parts, of which one is the current frame."""
    frames = (
        torch.randn(3, 5, 6, 7, generator=torch.Generator().manual_seed(0)) * 3 + torch.arange(3)[:, None, None, None]
    )

    def measure(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        variance, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
        return mean[None, :, None, None], variance[None, :, None, None]

    before = Statistics([measure(frames[:2])], torch.zeros(1, 3, 3, 4))
    current = Statistics([measure(frames[2:])], torch.ones(1, 3, 3, 4))
    blended = blend_statistics(before, current, 1 / 3)
    torch.testing.assert_close(blended.norms, [measure(frames)])
    torch.testing.assert_close(blended.curves, torch.full((1, 3, 3, 4), 1 / 3))
    unchanged = blend_statistics(before, current, 0)
    assert all(torch.equal(*pair) for pair in zip(unchanged.norms[0], before.norms[0], strict=True))


def test_strength_zero_is_the_row_of_the_photograph() -> None:
    style, image = make_style(), make_image(24, 32)
    painted = StylePainter(style, style.mix(strength=0)).paint(image)
    torch.testing.assert_close(painted, style.network(image, torch.tensor([[1.0, 0, 0]])), atol=1e-4, rtol=0)
    assert float((painted - StylePainter(style).paint(image)).abs().max()) > 1e-2


def test_refused() -> None:
    style = make_style()
    with pytest.raises(ImageError, match="has 40 x 15 pixels, but a trained style needs at least 16 per side"):
        StylePainter(style).paint(make_image(15, 40))
    with pytest.raises(
        DeviceError, match=r"memory is not enough to paint 40 x 30 pixels, which needs at least [0-9]+ MiB"
    ):
        StylePainter(style, memory=10**6).paint(make_image(30, 40))
    with pytest.raises(DeviceError, match="there is no engine 'magic'; use one of auto, onnx, torch"):
        StylePainter(style, engine="magic")  # type: ignore[arg-type]
