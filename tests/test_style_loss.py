"""StyleLoss: the objective's own loss, as a module."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import ImageError, SpecError, StyleLoss, preset, with_settings
from barestyle.networks import build_network
from barestyle.objective import build_objective
from barestyle.spec import WhitenedLoss

PRESETS = ["bare", "npnd", "gaussian-pyramid", "hand-made"]


@pytest.fixture
def batch() -> Tensor:
    return torch.rand(3, 3, 40, 33, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("name", PRESETS)
def test_it_is_the_mean_of_the_losses_that_a_run_minimizes(name: str, style_image: Image.Image, batch: Tensor) -> None:
    module = StyleLoss(style_image, name, seed=3).double()
    batch = batch.double().requires_grad_(True)
    spec = with_settings(preset(name).spec, {"content_loss": "none", "smoothness": "none"})
    if isinstance(spec.style_loss, WhitenedLoss):
        spec = with_settings(spec, {"style_loss.guide": "none"})
    network = build_network(spec.network, seed=3, deepest_layer=spec.deepest_layer).double()
    each = [build_objective(spec, network, image[None], module.style).evaluate(image[None]) for image in batch.detach()]
    loss = module(batch)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(sum(float(one.loss) for one in each) / 3, rel=1e-9)
    assert batch.grad is not None
    torch.testing.assert_close(batch.grad, torch.cat([one.gradient for one in each]) / 3, rtol=1e-6, atol=1e-12)


def test_the_style_has_no_loss_and_other_images_have_one(style: Tensor, batch: Tensor) -> None:
    module = StyleLoss(style)
    assert float(module(style)) < 1e-6
    assert float(module(batch)) > 0.1


def test_transparent_parts_of_the_style_are_ignored(style_image: Image.Image, batch: Tensor) -> None:
    """Beside a transparent part a style is nearly that style; beside a white one it is another."""
    wide = Image.new("RGBA", (3 * style_image.width, style_image.height), (255, 255, 255, 0))
    wide.paste(style_image, (0, 0))
    alone, masked, white = (StyleLoss(one) for one in (style_image, wide, wide.convert("RGB")))
    off = [abs(float(module(batch)) / float(alone(batch)) - 1) for module in (masked, white)]
    assert off[0] < off[1] / 4
    assert float(masked.double()(batch.double())) == pytest.approx(float(masked.float()(batch)), rel=1e-4)
    with pytest.raises(ImageError, match="is completely transparent"):
        StyleLoss(Image.new("RGBA", (40, 40)))


def test_it_moves_between_precisions(style_image: Image.Image, batch: Tensor) -> None:
    module = StyleLoss(style_image)
    exact = float(module.double()(batch.double()))
    assert float(module.float()(batch)) == pytest.approx(exact, rel=1e-4)
    narrow = module.to(torch.bfloat16)(batch.bfloat16())
    assert narrow.dtype == torch.float32, "sums are not rounded to 8 bits"
    assert float(narrow) == pytest.approx(exact, rel=0.05)
    assert not list(module.parameters()), "it has no trainable parameters"


def test_its_state_is_its_style_and_its_weights(style_image: Image.Image, batch: Tensor) -> None:
    module = StyleLoss(style_image, seed=1)
    other = StyleLoss(style_image.rotate(90), seed=2)
    assert float(other(batch)) != float(module(batch))
    other.load_state_dict(module.state_dict())
    assert float(other(batch)) == float(module(batch))


# PyTorch's own, while it traces an autograd function.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
def test_it_compiles_as_one_graph(style_image: Image.Image, batch: Tensor) -> None:
    module = StyleLoss(style_image)
    batch.requires_grad_(True)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    (gradient,) = torch.autograd.grad(compiled(batch), batch)
    (expected,) = torch.autograd.grad(module(batch), batch)
    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-6)


def test_invalid_input_is_refused(style_image: Image.Image, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="trained"):
        StyleLoss(style_image, "paper-original")
    with pytest.raises(SpecError, match="no preset"):
        StyleLoss(style_image, "bear")
    with pytest.raises(ImageError, match="at least 16 on each side"):
        StyleLoss(style_image.resize((12, 40)))
    with pytest.raises(ImageError):
        StyleLoss(tmp_path / "nothing.png")
    module = StyleLoss(style_image)
    for shape in ((3, 40, 40), (1, 4, 40, 40), (1, 3, 40, 9)):
        with pytest.raises(ValueError, match=r"must have the shape \(N, 3, H, W\) with H and W of at least 16, not"):
            module(torch.rand(shape))
