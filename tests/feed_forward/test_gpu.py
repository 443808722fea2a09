"""Training on a GPU: the loss is that of the CPU, and the style is painted anywhere. Skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from barestyle.feed_forward import StylePainter, load_style
from barestyle.feed_forward.training_request import PreparedTraining, TrainingRequest, prepare_training
from barestyle.samples import style
from tests.conftest import drawing, planes

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def prepare(folder: Path, device: str, **settings: object) -> PreparedTraining:
    """Return a training on a gray style, whose colors have a loss of their own, and one in color."""
    gray, photos = folder / "gray.png", folder / "photos"
    drawing(200, 160, seed=1).convert("L").save(gray)
    photos.mkdir(exist_ok=True)
    for seed in range(3):
        drawing(320, 240, seed=10 + seed).save(photos / f"{seed}.png")
    settings = {"photos": photos, "steps": 4, "crop": 128, "batch": 2, "device": device, **settings}
    return prepare_training(TrainingRequest((style("mosaic"), gray), **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("stability", [False, True])
def test_the_first_loss_is_that_of_the_cpu(tmp_path: Path, stability: bool) -> None:
    losses = {}
    for device in ("cpu", "cuda"):
        prepared = prepare(tmp_path, device, stability=stability, precision="float32")
        losses[device] = next(iter(prepared.training)).loss
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=1e-3)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_style_is_trained_stored_and_painted(tmp_path: Path, precision: str) -> None:
    prepared = prepare(tmp_path, "cuda", precision=precision)
    for progress in prepared.training:
        assert progress.paint(1).device.type == "cpu"
    prepared.result().save(tmp_path / "two.style")
    painted = StylePainter(load_style(tmp_path / "two.style")).paint(planes(drawing(72, 56, seed=3)))
    assert painted.shape == (1, 3, 56, 72)
    assert bool(torch.isfinite(painted).all())


def test_a_training_continues_on_a_gpu(tmp_path: Path) -> None:
    whole = prepare(tmp_path, "cuda", precision="float32")
    list(whole.training)
    part = prepare(tmp_path, "cuda", precision="float32")
    next(iter(part.training))
    continued = prepare(tmp_path, "cuda", precision="float32")
    continued.training.load_state(part.training.state())
    losses = [progress.loss for progress in continued.training]
    assert len(losses) == 3
    for ended, expected in zip(
        continued.training.averaged.parameters(), whole.training.averaged.parameters(), strict=True
    ):
        torch.testing.assert_close(ended, expected, rtol=1e-3, atol=1e-4)
