"""Fixtures that many tests share: seeded pictures, and trained weights where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from torch import Tensor

from barestyle.networks.vgg19 import LAYER_INDICES
from barestyle.spec.network import VGG19_CHANNELS

# Workers of pytest-xdist share the cores, so one thread each; another number rounds sums in another order.
THREADS = os.environ.get("BARESTYLE_TEST_THREADS", "1")
torch.set_num_threads(int(THREADS))
os.environ["OMP_NUM_THREADS"] = THREADS  # of the programs that tests start

SHARED = Path(os.environ.get("BARESTYLE_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(autouse=True)
def _no_weights_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.delenv("BARESTYLE_VGG19", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "no-cache"))


@pytest.fixture(autouse=True)
def _the_same_arithmetic_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever processor the tests run on; those of bfloat16 ask for it."""
    monkeypatch.setattr("barestyle.hardware.devices.has_fast_bf16", lambda _: False)


@pytest.fixture(autouse=True)
def _threads_are_restored() -> Iterator[None]:
    """A test that leaves another number of threads behind would change what its neighbors round, and slow them."""
    before = torch.get_num_threads()
    yield
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert after == before, f"the test left {after} threads behind, not {before}"


def drawing(width: int, height: int, seed: int) -> Image.Image:
    """Colored ellipses on a gradient: smooth parts, edges and corners, different for each seed."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    ramp = x[..., None] * random.uniform(0, 255, 3) + (1 - y[..., None]) * random.uniform(0, 255, 3)
    image = Image.fromarray((ramp / 2).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = random.uniform(-0.2, 1, 2) * (width, height)
        across, down = random.uniform(0.1, 0.4, 2) * (width, height)
        draw.ellipse((left, top, left + across, top + down), fill=tuple(random.integers(0, 256, 3).tolist()))
    return image


def planes(image: Image.Image) -> Tensor:
    """A PIL image as (1, 3, H, W) in 0..1."""
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None].contiguous() / 255


@pytest.fixture(scope="session")
def content_image() -> Image.Image:
    return drawing(64, 48, seed=1)


@pytest.fixture(scope="session")
def style_image() -> Image.Image:
    return drawing(56, 64, seed=2)


@pytest.fixture(scope="session")
def content(content_image: Image.Image) -> Tensor:
    return planes(content_image)


@pytest.fixture(scope="session")
def style(style_image: Image.Image) -> Tensor:
    return planes(style_image)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory, content_image: Image.Image, style_image: Image.Image) -> Path:
    """A folder with content.png and style.jpg."""
    folder = tmp_path_factory.mktemp("pictures")
    content_image.save(folder / "content.png")
    style_image.save(folder / "style.jpg", quality=95)
    return folder


def synthetic_vgg19(depth: int = 5, seed: int = 0) -> dict[str, Tensor]:
    """Tensors in the shapes and under the names of VGG-19's first layers, with He-scaled random numbers."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    inputs = 3
    for index, channels in zip(LAYER_INDICES[:depth], VGG19_CHANNELS, strict=False):
        deviation = (2 / (9 * inputs)) ** 0.5
        tensors[f"features.{index}.weight"] = torch.randn(channels, inputs, 3, 3, generator=generator) * deviation
        tensors[f"features.{index}.bias"] = torch.randn(channels, generator=generator) * 0.1
        inputs = channels
    return tensors


@pytest.fixture(scope="session")
def synthetic_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "vgg19.safetensors"
    save_file(synthetic_vgg19(), path)
    return path


@pytest.fixture(scope="session")
def real_weights() -> Path:
    path = SHARED / "weights" / "vgg19-oxford-conv1_1-conv3_4.safetensors"
    if not path.is_file():
        pytest.skip("real VGG-19 weights are not at hand (shared/weights)")
    return path
