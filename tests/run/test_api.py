"""`transfer`: what it accepts and refuses, and that the picture is what it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import ImageError, SpecError, StyleLoss, WeightsError, preset, transfer, with_settings
from barestyle.losses.gram import gram_matrix
from barestyle.losses.moments import compute_moments
from barestyle.metrics import score
from barestyle.networks import build_network
from tests.run.conftest import quick_spec
from tests.slow import slow_except


def test_the_style_is_approached_as_a_network_of_another_seed_sees_it(
    content_image: Image.Image, style_image: Image.Image, style: torch.Tensor
) -> None:
    """Not only the objective falls: so does the distance under filters that were never optimized."""
    result = transfer(content_image, style_image, quick_spec("bare", optimizer__steps=30), seed=1)
    judge = build_network(preset("npnd").spec.network, seed=99, deepest_layer=5)
    start = torch.from_numpy(np.array(content_image)).permute(2, 0, 1)[None] / 255

    def distance(image: torch.Tensor) -> float:
        pairs = zip(judge(image).values(), judge(style).values(), strict=True)
        grams = [(gram_matrix(compute_moments(a)), gram_matrix(compute_moments(b))) for a, b in pairs]
        return float(sum((a - b).square().sum() / b.square().sum() for a, b in grams))

    assert distance(result.image) < 0.2 * distance(start)


def test_the_same_seed_repeats_bit_for_bit_and_another_does_not(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    spec = quick_spec("bare")
    first, again, other = (transfer(content_image, style_image, spec, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.image, again.image)
    assert first.losses == again.losses
    assert not torch.equal(first.image, other.image)


def test_all_kinds_of_source_give_the_same_picture(pictures: Path, content_image: Image.Image) -> None:
    spec = quick_spec("bare")
    array = np.array(content_image)
    sources: list[Any] = [
        pictures / "content.png",
        str(pictures / "content.png"),
        content_image,
        array,
        array.astype(np.float64) / 255,
        torch.from_numpy(array).permute(2, 0, 1),
    ]
    results = [transfer(source, pictures / "style.jpg", spec).image for source in sources]
    assert all(torch.equal(result, results[0]) for result in results)


@pytest.mark.parametrize(
    ("strengths", "steps"),
    [((0, 0.5, 1), 30), pytest.param((0, 0.2, 0.5, 0.8, 1), 100, marks=pytest.mark.slow)],
    ids=["three strengths", "five strengths"],
)
def test_strength_goes_from_the_content_to_the_style(
    content_image: Image.Image, style_image: Image.Image, strengths: tuple[float, ...], steps: int
) -> None:
    """At every step less of the content and more of the style; at 0 the content itself.

    The order of the losses is that of minima; those of 0.8 and 1 are so near that it takes 100 steps to see it.
    """
    kept, distance, loss = [], [], []
    for strength in strengths:
        spec = quick_spec("bare", optimizer__steps=steps, optimizer__tolerance=0, content_loss__strength=strength)
        result = transfer(content_image, style_image, spec)
        loss.append(float(StyleLoss(style_image, spec)(result.image)))
        found = score(result.image, content_image, style_image, metrics=["ssim", "patches"]).values
        kept.append(found["ssim"])
        distance.append(found["patches"])
    assert kept == sorted(kept, reverse=True)
    assert loss == sorted(loss, reverse=True)
    # By this metric images of 64 pixels have no more to give beyond 0.8: 1 differs by parts in a thousand.
    assert distance[:-1] == sorted(distance[:-1], reverse=True)
    assert kept[0] > 0.999
    assert kept[-1] < kept[0] - 0.2
    assert distance[-1] < distance[0] / 2


def test_transparency_comes_back(content_image: Image.Image, style_image: Image.Image) -> None:
    alpha = np.zeros((48, 64), np.uint8)
    alpha[10:30, 20:50] = 200
    content = np.concatenate([np.array(content_image), alpha[..., None]], axis=2)
    result = transfer(content, style_image, quick_spec("bare"))
    assert result.alpha is not None
    assert np.array_equal(np.asarray(result.to_pil())[..., 3], alpha)


def test_16_bits_stay_16_bits(tmp_path: Path, content_image: Image.Image, style_image: Image.Image) -> None:
    result = transfer(np.array(content_image).astype(np.uint16) * 257, style_image, quick_spec("bare"))
    assert result.bits == 16
    path = result.save(tmp_path / "deep.png")
    with Image.open(path) as image:
        assert image.tile[0][3] == "RGB;16B"


def test_sizes(content_image: Image.Image, style_image: Image.Image) -> None:
    assert transfer(content_image, style_image, quick_spec("bare", size=32)).image.shape[-2:] == (24, 32)
    assert transfer(content_image, style_image, quick_spec("bare", size=100)).image.shape[-2:] == (75, 100)
    assert transfer(content_image, style_image, quick_spec("bare", size=None)).image.shape[-2:] == (48, 64)


def test_a_style_of_one_color_and_a_style_that_is_the_content(content_image: Image.Image) -> None:
    flat = Image.new("RGB", (64, 64), (200, 60, 20))
    result = transfer(content_image, flat, quick_spec("bare", optimizer__steps=40))
    color = torch.tensor([200.0, 60.0, 20.0]).view(3, 1, 1) / 255
    start = torch.from_numpy(np.array(content_image)).permute(2, 0, 1)[None] / 255
    assert float((result.image - color).abs().mean()) < 0.4 * float((start - color).abs().mean())
    assert float(result.image[..., 8:-8, 8:-8].std((2, 3)).max()) < 0.05, "it is as flat as the style"
    same = transfer(content_image, content_image, quick_spec("bare", smoothness="none"))
    assert same.losses[-1] == pytest.approx(0, abs=1e-6)
    smoothed = transfer(content_image, content_image, quick_spec("bare")).image
    assert float((smoothed - start).abs().mean()) < 0.02, "total variation takes little away"


def striped(*colors: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGB", (64, 64))
    for number, color in enumerate(colors):
        image.paste(color, (64 * number // len(colors), 0, 64, 64))
    return image


RED, BLACK, WHITE = (200, 30, 30), (0, 0, 0), (255, 255, 255)


@pytest.mark.parametrize("colors", slow_except([(RED,), (BLACK, WHITE)], [(RED,), (BLACK,), (WHITE,), (BLACK, WHITE)]))
def test_a_style_of_few_colors_adds_no_others(
    colors: tuple[tuple[int, int, int], ...], content_image: Image.Image
) -> None:
    """One color is painted as it is, and black and white make nothing but gray."""
    result = transfer(content_image, striped(*colors), quick_spec("bare", size=48, optimizer__steps=60))
    pixels = result.image[0].flatten(1) * 255
    if len(colors) == 1:
        assert float((pixels.mean(1) - torch.tensor(colors[0])).abs().max()) < 4
        assert float(pixels.std(1).max()) < 8
    else:
        assert float((pixels - pixels.mean(0)).abs().mean()) < 2
        assert float(pixels.mean(0).std()) > 60, "it has black and white in it"


def test_gradients_disabled_by_the_caller_are_enabled(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = quick_spec("bare")
    expected = transfer(content_image, style_image, spec).image
    for mode in (torch.inference_mode, torch.no_grad):
        with mode():
            assert torch.equal(transfer(content_image, style_image, spec).image, expected)
        assert torch.equal(transfer(content_image, style_image, spec).image, expected), "and it leaves nothing behind"


def test_a_spec_changed_by_model_copy_is_validated(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = quick_spec("bare")
    broken = spec.model_copy(update={"style_loss": spec.style_loss.model_copy(update={"layers": (9,)})})
    with pytest.raises(SpecError, match=r"style_loss\.layers asks for layer 9, but the network has 4"):
        transfer(content_image, style_image, broken)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"spec": "nonsense"}, SpecError, "there is no preset 'nonsense'"),
        ({"spec": 3}, SpecError, "spec must be a Spec or a preset name, not int"),
        ({"seed": -1}, SpecError, "seed cannot be -1"),
        ({"seed": 2**63}, SpecError, "it must be a whole number from 0"),
        ({"seed": 1.5}, SpecError, r"seed cannot be 1\.5"),
        ({"spec": "paper-original"}, WeightsError, "needs trained VGG-19 weights"),
        (
            {"content": np.zeros((1, 1, 3), np.uint8)},
            ImageError,
            "has 1 x 1 pixels, but this network needs at least 16",
        ),
        (
            {"style": np.zeros((2, 3000, 3), np.uint8)},
            ImageError,
            "has 3000 x 2 pixels, but this network needs at least 16",
        ),
        ({"max_pixels": 100}, ImageError, "more than the limit of 100"),
        ({"spec": with_settings(preset("bare").spec, {"size": 60_000})}, ImageError, "a result of 60000 x 45000"),
    ],
)
def test_bad_arguments_are_refused(
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
    content_image: Image.Image,
    style_image: Image.Image,
) -> None:
    with pytest.raises(error, match=message):
        transfer(**{"content": content_image, "style": style_image, **arguments})
