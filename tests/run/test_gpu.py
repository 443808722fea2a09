"""On a GPU everything is as on the CPU, to rounding. Skipped where there is no CUDA device."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from barestyle import Result, preset, resume, transfer, with_settings
from barestyle.networks import Size, build_network
from barestyle.objective import Evaluation, Tiling, build_objective
from barestyle.presets import PRESETS
from barestyle.spec import Spec
from tests.objective.cases import LOSSES, NETWORKS, assert_close, build_spec, draw_image
from tests.run.conftest import quick_spec
from tests.run.test_checkpoint import StopAfter

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def evaluate(spec: Spec, device: str, tiling: Tiling | None = None) -> Evaluation:
    """Return loss and gradient of noise in float64, moved to the CPU."""
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).double().to(device)
    content, style, image = (draw_image(40, 56, seed).to(device) for seed in (1, 2, 3))
    evaluation = build_objective(spec, network, content, style, tiling=tiling).evaluate(image)
    return Evaluation(evaluation.loss.cpu(), {}, evaluation.gradient.cpu())


@pytest.mark.parametrize("losses", LOSSES)
@pytest.mark.parametrize("network", NETWORKS)
def test_loss_and_gradient_are_those_of_the_cpu(network: str, losses: str) -> None:
    spec = build_spec(network, losses)
    assert_close(evaluate(spec, "cuda"), evaluate(spec, "cpu"), 1e-9)


def test_tiles_change_nothing() -> None:
    spec = with_settings(preset("bare").spec, {"network.channels": [6, 8, 8, 12]})
    assert_close(evaluate(spec, "cuda", Tiling(Size(16, 24), 2)), evaluate(spec, "cpu"), 1e-9)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "paper-original"])
def test_a_picture_is_that_of_the_cpu(name: str, content_image: Image.Image, style_image: Image.Image) -> None:
    """After the first step: later, differences of rounding grow."""
    spec = with_settings(quick_spec(name), {"optimizer.steps": 1})
    on_cpu, on_gpu = (
        transfer(content_image, style_image, spec, device=device, precision="float32") for device in ("cpu", "cuda")
    )
    assert float((on_gpu.image - on_cpu.image).abs().mean()) < 2e-3


@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_the_default_paints_as_well(precision: str, content_image: Image.Image, style_image: Image.Image) -> None:
    spec = with_settings(preset("bare").spec, {"size": 96})
    losses = {
        device: transfer(content_image, style_image, spec, device=device, precision=used).losses[-1]
        for device, used in (("cpu", "float32"), ("cuda", precision))
    }
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=0.1)


@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_the_same_seed_repeats_bit_for_bit(
    precision: str, content_image: Image.Image, style_image: Image.Image
) -> None:
    spec = with_settings(preset("bare").spec, {"size": 96})
    first, again = (
        transfer(content_image, style_image, spec, device="cuda", precision=precision).image for _ in range(2)
    )
    assert torch.equal(first, again)


def test_a_run_is_resumed(tmp_path: Path, content_image: Image.Image, style_image: Image.Image) -> None:
    content_image.save(tmp_path / "content.png")
    style_image.save(tmp_path / "style.png")
    spec = with_settings(preset("bare").spec, {"size": 64})

    def paint(checkpoint: str, stop: StopAfter | None = None) -> Result:
        files = tmp_path / "content.png", tmp_path / "style.png"
        return transfer(*files, spec, device="cuda", checkpoint=tmp_path / checkpoint, should_stop=stop)

    whole = paint("whole")
    paint("broken", StopAfter(20))
    assert torch.equal(resume(tmp_path / "broken").image, whole.image)


def test_a_large_image_begins_at_a_small_scale(content_image: Image.Image, style_image: Image.Image) -> None:
    """CUDA cannot resize it in one step."""
    steps = {"optimizer.steps": 1, "scales.finest_steps": 1}
    spec = with_settings(preset("bare").spec, {"size": 2048, **steps})
    assert transfer(content_image, style_image, spec, device="cuda").image.shape[-1] == 2048
