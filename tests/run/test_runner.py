"""The main job: every network paints, runs repeat, and the pictures are what they should be."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import (
    ImageError,
    Progress,
    Result,
    Spec,
    SpecError,
    StyleLoss,
    WeightsError,
    preset,
    transfer,
    with_settings,
)
from barestyle.errors import DeviceError, DivergedError
from barestyle.losses.gram import gram_matrix
from barestyle.losses.moments import compute_moments
from barestyle.metrics import score
from barestyle.networks import Network, build
from barestyle.networks.build import Stack
from barestyle.objective import Evaluation, Tiling, build_objective
from barestyle.presets import PRESETS
from barestyle.stop_reasons import StopReason

QUICK = {"size": 64, "optimizer.steps": 3}
PAPER_QUICK = {"size": 64, "optimizer.steps": 1, "optimizer.iterations_per_step": 4}


def spec_of(name: str, **settings: Any) -> Spec:
    base = preset(name).spec
    quick = PAPER_QUICK if base.optimizer.kind == "paper-lbfgs" else QUICK
    # Several scales are tests/run/test_multiscale.py's matter.
    return with_settings(
        base, {**quick, "scales": "single", **{key.replace("__", "."): value for key, value in settings.items()}}
    )


def check_painted(result: Result, content: Image.Image) -> None:
    """It is a picture of the right size, moved away from the content, at a lower loss than it began with."""
    scale = 64 / max(content.size)
    assert result.image.shape == (1, 3, round(content.height * scale), round(content.width * scale))
    assert result.image.dtype == torch.float32
    assert bool(torch.isfinite(result.image).all())
    assert float(result.image.min()) >= 0
    assert float(result.image.max()) <= 1
    assert min(result.losses[1:]) < result.losses[0]
    start = torch.from_numpy(np.array(content)).permute(2, 0, 1)[None] / 255
    assert float((result.image - start).abs().mean()) > 1e-4


NETWORKS: dict[str, dict[str, Any]] = {
    "gaussian": {"network__weights": "gaussian"},
    "gaussian 0.015": {"network__weights": "gaussian", "network__weights__std": 0.015},
    "uniform": {"network__weights": "uniform"},
    "binary": {"network__weights": "binary"},
    "binary 0.05": {"network__weights__magnitude": 0.05},
    "ternary": {"network__weights": "discrete"},
    "finer levels": {"network__weights": {"kind": "discrete", "levels": [-0.1, -0.05, 0.05, 0.1]}},
    "asymmetric": {"network__weights": {"kind": "discrete", "levels": [-0.05, 0.1], "probabilities": [0.6, 0.4]}},
    "zero bias": {"network__bias": "zero"},
    "constant bias": {"network__bias__value": 0.25},
    "kernel 2": {"network__kernel_size": 2},
    "average pooling": {"network__pooling": "average"},
    "no pooling": {"network__pooling": "none"},
    "no doubling": {"network__channels": 64},
    "no relu": {"network__activation": "none"},
    "4 channels": {"network__channels": 4, "network__pooling": "none"},
    "16 channels": {"network__channels": 16, "network__pooling": "none"},
    "71 channels": {"network__channels": 71, "network__pooling": "none"},
    "512 channels": {"network__channels": 512, "network__pooling": "none"},
    "pyramid with pooling": {"network": "pyramid", "network__pooling": "max"},
    "laplacian with average pooling": {
        "network": "pyramid",
        "network__bands": "laplacian",
        "network__pooling": "average",
    },
    **{
        f"basic set {basic_set}, strategy {strategy}": {
            "network": "hand-made",
            "network__basic_set": basic_set,
            "network__strategy": strategy,
        }
        for basic_set in (1, 2, 3)
        for strategy in (1, 2, 3, 4)
    },
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_sections_5_and_6_paints(
    name: str, content_image: Image.Image, style_image: Image.Image
) -> None:
    check_painted(transfer(content_image, style_image, spec_of("paper", **NETWORKS[name])), content_image)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "paper-original"])
def test_every_preset_paints(name: str, content_image: Image.Image, style_image: Image.Image) -> None:
    check_painted(transfer(content_image, style_image, spec_of(name)), content_image)


TRAINED: dict[str, dict[str, Any]] = {
    "original": {},
    "shuffled weights": {"network__weights": "shuffled"},
    "binarized weights": {"network__weights": "binarized"},
    "zero bias": {"network__bias": "zero"},
    "constant bias": {"network__bias": "constant"},
    "shuffled bias": {"network__bias": "shuffled"},
    "random weights, trained bias": {"network__weights": "uniform"},
    "always rescaled": {"network__rescale": True},
    "never rescaled": {"network__rescale": False},
}


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("weights", ["synthetic_weights", "real_weights"])
def test_every_trained_network_paints(
    name: str, weights: str, content_image: Image.Image, style_image: Image.Image, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(weights)
    spec = spec_of("paper-original", network__trained_file=str(path), **TRAINED[name])
    result = transfer(content_image, style_image, spec)
    check_painted(result, content_image)
    assert result.record.weights is not None


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("loss", ["gram", "whitened"])
def test_robust_optimizers_with_both_style_losses(
    optimizer: str, loss: str, content_image: Image.Image, style_image: Image.Image
) -> None:
    settings = {"style_loss": loss, "content_loss": "none", "optimizer": optimizer, "optimizer__steps": 5}
    check_painted(transfer(content_image, style_image, spec_of("bare", **settings)), content_image)


def test_the_style_is_approached_as_a_network_of_another_seed_sees_it(
    content_image: Image.Image, style_image: Image.Image, style: torch.Tensor
) -> None:
    """Not only the objective falls: so does the distance under filters that were never optimized."""
    result = transfer(content_image, style_image, spec_of("bare", optimizer__steps=30), seed=1)
    judge = build(preset("npnd").spec.network, seed=99, deepest_layer=5)
    start = torch.from_numpy(np.array(content_image)).permute(2, 0, 1)[None] / 255

    def distance(image: torch.Tensor) -> float:
        pairs = zip(judge(image).values(), judge(style).values(), strict=True)
        grams = [(gram_matrix(compute_moments(a)), gram_matrix(compute_moments(b))) for a, b in pairs]
        return float(sum((a - b).square().sum() / b.square().sum() for a, b in grams))

    assert distance(result.image) < 0.2 * distance(start)


def test_the_same_seed_repeats_bit_for_bit_and_another_does_not(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    spec = spec_of("bare")
    first, again, other = (transfer(content_image, style_image, spec, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.image, again.image)
    assert first.losses == again.losses
    assert not torch.equal(first.image, other.image)


def test_all_kinds_of_source_give_the_same_picture(pictures: Path, content_image: Image.Image) -> None:
    spec = spec_of("bare")
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


def test_progress_says_where_the_run_stands(content_image: Image.Image, style_image: Image.Image) -> None:
    seen: list[Progress] = []
    result = transfer(
        content_image, style_image, spec_of("bare", smoothness="total-variation"), on_progress=seen.append
    )
    assert [one.step for one in seen] == [0, 1, 2, 3]
    assert tuple(one.loss for one in seen) == result.losses
    assert seen[-1].steps == 3
    assert seen[-1].evaluations == result.evaluations >= 4
    assert set(seen[0].parts) == {"style", "content", "smoothness"}
    assert seen[0].gradient_norm > 0
    assert sorted(one.seconds for one in seen) == [one.seconds for one in seen]
    assert seen[0].picture().shape == result.image.shape
    assert torch.equal(seen[-1].picture(), result.image)


def test_stopping_keeps_the_best_picture_so_far(content_image: Image.Image, style_image: Image.Image) -> None:
    seen: list[Progress] = []
    spec = spec_of("bare", optimizer__steps=50)
    result = transfer(content_image, style_image, spec, on_progress=seen.append, should_stop=lambda: len(seen) == 3)
    assert result.interrupted
    assert result.stop_reason is StopReason.INTERRUPTED
    assert "interrupted" in result.reason
    assert len(result.losses) == 3
    assert torch.equal(result.image, transfer(content_image, style_image, spec_of("bare", optimizer__steps=2)).image)


def test_strength_goes_from_the_content_to_the_style(content_image: Image.Image, style_image: Image.Image) -> None:
    """At every step less of the content and more of the style; at 0 the content itself."""
    kept, distance, loss = [], [], []
    for strength in (0, 0.2, 0.5, 0.8, 1):
        spec = spec_of("bare", optimizer__steps=30, optimizer__tolerance=0, content_loss__strength=strength)
        result = transfer(content_image, style_image, spec)
        loss.append(float(StyleLoss(style_image, spec)(result.image)))
        found = score(result.image, content_image, style_image, metrics=["ssim", "patches"]).values
        kept.append(found["ssim"])
        distance.append(found["patches"])
    assert kept == sorted(kept, reverse=True)
    assert loss == sorted(loss, reverse=True)
    # By this metric pictures of 64 pixels have no more to give beyond 0.8: 1 differs by parts in a thousand.
    assert distance[:-1] == sorted(distance[:-1], reverse=True)
    assert kept[0] > 0.999
    assert kept[-1] < kept[0] - 0.2
    assert distance[-1] < distance[0] / 2


@pytest.mark.parametrize("factors", [(2.0, 1.0, 0.5, 4.0, 1.0), (0.3, 7.0, 1.0, 0.01, 90.0)])
def test_the_scale_of_a_layers_weights_does_not_matter(
    factors: tuple[float, ...], content: torch.Tensor, style: torch.Tensor
) -> None:
    """Without biases, ReLU passes a layer's scale on, and whitening takes it out of loss and gradient."""
    spec = spec_of("bare")
    network = build(spec.network, seed=0, deepest_layer=5).double()
    pictures = content.double(), style.double()
    plain = build_objective(spec, network, *pictures).evaluate(pictures[0])
    assert isinstance(network, Stack)
    for layer, factor in zip(network.layers, factors, strict=True):
        layer.weight.mul_(factor)
        layer.backward_weight.mul_(factor)
    scaled = build_objective(spec, network, *pictures).evaluate(pictures[0])
    assert float(scaled.loss) == pytest.approx(float(plain.loss), rel=1e-9)
    torch.testing.assert_close(scaled.gradient, plain.gradient, rtol=1e-6, atol=1e-12)


def test_transparency_comes_back(content_image: Image.Image, style_image: Image.Image) -> None:
    alpha = np.zeros((48, 64), np.uint8)
    alpha[10:30, 20:50] = 200
    content = np.concatenate([np.array(content_image), alpha[..., None]], axis=2)
    result = transfer(content, style_image, spec_of("bare"))
    assert result.alpha is not None
    assert np.array_equal(np.asarray(result.to_pil())[..., 3], alpha)


def test_16_bits_stay_16_bits(tmp_path: Path, content_image: Image.Image, style_image: Image.Image) -> None:
    result = transfer(np.array(content_image).astype(np.uint16) * 257, style_image, spec_of("bare"))
    assert result.bits == 16
    path = result.save(tmp_path / "deep.png")
    with Image.open(path) as image:
        assert image.tile[0][3] == "RGB;16B"


def test_sizes(content_image: Image.Image, style_image: Image.Image) -> None:
    assert transfer(content_image, style_image, spec_of("bare", size=32)).image.shape[-2:] == (24, 32)
    assert transfer(content_image, style_image, spec_of("bare", size=100)).image.shape[-2:] == (75, 100)
    assert transfer(content_image, style_image, spec_of("bare", size=None)).image.shape[-2:] == (48, 64)


def test_a_style_of_one_color_and_a_style_that_is_the_content(content_image: Image.Image) -> None:
    flat = Image.new("RGB", (64, 64), (200, 60, 20))
    result = transfer(content_image, flat, spec_of("bare", optimizer__steps=40))
    color = torch.tensor([200.0, 60.0, 20.0]).view(3, 1, 1) / 255
    start = torch.from_numpy(np.array(content_image)).permute(2, 0, 1)[None] / 255
    assert float((result.image - color).abs().mean()) < 0.4 * float((start - color).abs().mean())
    assert float(result.image[..., 8:-8, 8:-8].std((2, 3)).max()) < 0.05, "it is as flat as the style"
    same = transfer(content_image, content_image, spec_of("bare"))
    assert same.losses[-1] == pytest.approx(0, abs=1e-6)


def striped(*colors: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGB", (64, 64))
    for number, color in enumerate(colors):
        image.paste(color, (64 * number // len(colors), 0, 64, 64))
    return image


@pytest.mark.parametrize("colors", [((200, 30, 30),), ((0, 0, 0),), ((255, 255, 255),), ((0, 0, 0), (255, 255, 255))])
def test_no_color_is_made_up_for_a_style_of_few(
    colors: tuple[tuple[int, int, int], ...], content_image: Image.Image
) -> None:
    """One color is painted as it is, and black and white make nothing but gray."""
    result = transfer(content_image, striped(*colors), spec_of("bare", optimizer__steps=60))
    pixels = result.image[0].flatten(1) * 255
    if len(colors) == 1:
        assert float((pixels.mean(1) - torch.tensor(colors[0])).abs().max()) < 4
        assert float(pixels.std(1).max()) < 8
    else:
        assert float((pixels - pixels.mean(0)).abs().mean()) < 2
        assert float(pixels.mean(0).std()) > 60, "it has black and white in it"


class Exploding:
    """Objectives that explode at their second evaluation in the first `times` attempts; remembers each attempt."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.networks: list[Network] = []
        self.starts: list[torch.Tensor] = []
        self._times = times
        module = sys.modules["barestyle.run.multiscale"]
        self._assemble = build_objective
        monkeypatch.setattr(module, "build_objective", self)

    def __call__(
        self, spec: Spec, network: Network, content: torch.Tensor, style: torch.Tensor, *, tiling: Tiling
    ) -> SimpleNamespace:
        self.networks.append(network)
        objective = self._assemble(spec, network, content, style, tiling=tiling)
        attempt, seen = len(self.networks), 0
        whole = objective.evaluate

        def evaluate(image: torch.Tensor) -> Evaluation:
            nonlocal seen
            seen += 1
            if seen == 1:
                self.starts.append(image.clone())
            found = whole(image)
            if attempt <= self._times and seen == 2:
                return Evaluation(torch.tensor(torch.inf), found.parts, found.gradient)
            return Evaluation(torch.tensor(5.0) if attempt <= self._times else found.loss, found.parts, found.gradient)

        return SimpleNamespace(evaluate=evaluate, tiling=tiling)


def test_an_explosion_draws_new_filters_and_a_repeated_one_perturbs_the_start(
    content_image: Image.Image, style_image: Image.Image, content: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paper, section 3; the attempts before the last end on the same loss."""
    exploding = Exploding(monkeypatch, times=2)
    result = transfer(content_image, style_image, spec_of("paper", size=64), seed=5)
    assert (result.restarts, result.record.network_seed, result.record.perturbed) == (2, 7, True)
    weights = [next(network.buffers()) for network in exploding.networks]
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights[1], next(build(result.spec.network, seed=6, deepest_layer=5).buffers()))
    assert torch.equal(exploding.starts[0], content)
    assert torch.equal(exploding.starts[1], content)
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(7))
    assert torch.allclose(exploding.starts[2], 0.9 * content + 0.1 * noise, atol=1e-6)
    assert len(result.losses) == result.evaluations, "the trace is that of the last attempt"


def test_the_networks_statistics_are_computed_once(
    content_image: Image.Image, style_image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One forward pass of the style, and one for each evaluation; no parameter asks for a gradient."""
    passes = 0
    whole = Stack.planes

    def counted(self: Stack, image: torch.Tensor) -> list[torch.Tensor]:
        nonlocal passes
        passes += 1
        assert not any(tensor.requires_grad for tensor in [*self.parameters(), *self.buffers()])
        return whole(self, image)

    monkeypatch.setattr(Stack, "planes", counted)
    result = transfer(content_image, style_image, spec_of("bare"))
    assert passes == result.evaluations + 1


def test_what_a_caller_has_switched_off_does_not_matter(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = spec_of("bare")
    expected = transfer(content_image, style_image, spec).image
    for mode in (torch.inference_mode, torch.no_grad):
        with mode():
            assert torch.equal(transfer(content_image, style_image, spec).image, expected)
        assert torch.equal(transfer(content_image, style_image, spec).image, expected), "and it leaves nothing behind"


def test_a_preview_cannot_spoil_the_result(content_image: Image.Image, style_image: Image.Image) -> None:
    expected = transfer(content_image, style_image, spec_of("bare")).image

    def spoil(progress: Progress) -> None:
        progress.picture().zero_()

    spoiled = transfer(content_image, style_image, spec_of("bare"), on_progress=spoil)
    assert torch.equal(spoiled.image, expected)


def test_stopping_the_papers_optimizer_keeps_the_best_picture(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    """Its losses go up and down; whoever stops it after a rise gets the picture from before."""
    spec = with_settings(preset("paper").spec, {"size": 64, "network.channels": 1, "network.pooling": "none"})
    seen: list[Progress] = []
    pictures: list[torch.Tensor] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress)
        pictures.append(progress.picture())

    result = transfer(
        *(content_image, style_image, spec),
        on_progress=on_progress,
        should_stop=lambda: len(seen) > 3 and seen[-1].loss > seen[-2].loss,
    )
    losses = [one.loss for one in seen]
    assert losses[-1] > min(losses), "the case that the test is about"
    assert torch.equal(result.image, pictures[losses.index(min(losses))])


def test_a_run_without_a_step_keeps_its_trace(content_image: Image.Image) -> None:
    result = transfer(content_image, content_image, spec_of("paper"))
    assert len(result.losses) == result.evaluations


def test_a_network_whose_features_overflow(content_image: Image.Image, style_image: Image.Image) -> None:
    with pytest.raises(
        DivergedError, match=r"features of the style are infinite or NaN; use smaller weights"
    ) as raised:
        transfer(content_image, style_image, spec_of("bare", network__weights__magnitude=1e12))
    assert raised.value.stop_reason is StopReason.STYLE_NOT_FINITE


def test_too_little_memory_is_told_with_a_remedy(
    content_image: Image.Image, style_image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate ...")

    monkeypatch.setattr(Stack, "planes", exhausted)
    with pytest.raises(DeviceError, match="cpu has too little memory for this network at 64 x 48 pixels, even with"):
        transfer(content_image, style_image, spec_of("bare"))


def test_a_spec_that_was_changed_unchecked_is_checked(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = spec_of("bare")
    broken = spec.model_copy(update={"style_loss": spec.style_loss.model_copy(update={"taps": (9,)})})
    with pytest.raises(SpecError, match=r"style_loss\.layers asks for layer 9, but the network has 5"):
        transfer(content_image, style_image, broken)


def test_an_explosion_that_no_restart_cures(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = spec_of("paper", network__weights__magnitude=1e9, optimizer__restarts=2)
    with pytest.raises(DivergedError, match=r"every start \(3 in all\); .*, or the robust optimizer=lbfgs") as raised:
        transfer(content_image, style_image, spec)
    assert raised.value.stop_reason is StopReason.RESTARTS_EXHAUSTED


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
def test_what_is_refused(
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
    content_image: Image.Image,
    style_image: Image.Image,
) -> None:
    with pytest.raises(error, match=message):
        transfer(**{"content": content_image, "style": style_image, **arguments})
