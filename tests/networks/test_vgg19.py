"""Trained weights: both file formats, every way a file can be wrong, and the rescaling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from barestyle.errors import WeightsError
from barestyle.networks import build_network, normalize_image
from barestyle.networks.vgg19 import find_weights, is_far_from_unit_scale, load_layers, rescale_layers
from barestyle.spec import VGG, PretrainedBias, PretrainedWeights
from tests.conftest import synthetic_vgg19

TRAINED = VGG(weights=PretrainedWeights(), bias=PretrainedBias())


def test_safetensors_and_torchs_own_files_hold_the_same(tmp_path: Path, synthetic_weights: Path) -> None:
    torch.save({**synthetic_vgg19(), "classifier.0.weight": torch.zeros(2)}, tmp_path / "vgg19.pth")
    for depth in (1, 3, 5):
        one, other = load_layers(synthetic_weights, depth), load_layers(tmp_path / "vgg19.pth", depth)
        assert len(one.weights) == len(one.biases) == depth
        for a, b in zip(one.weights + one.biases, other.weights + other.biases, strict=True):
            assert torch.equal(a, b)


def test_only_the_needed_layers_must_exist(tmp_path: Path) -> None:
    save_file(synthetic_vgg19(depth=2), tmp_path / "two.safetensors")
    assert len(load_layers(tmp_path / "two.safetensors", 2).weights) == 2
    with pytest.raises(WeightsError, match=r"has no tensor features\.5\.weight, so it is not VGG-19"):
        load_layers(tmp_path / "two.safetensors", 3)


def test_weights_in_half_precision_are_widened(tmp_path: Path) -> None:
    save_file({key: value.half() for key, value in synthetic_vgg19(1).items()}, tmp_path / "half.safetensors")
    assert load_layers(tmp_path / "half.safetensors", 1).weights[0].dtype == torch.float32


def wrong_shape(tensors: dict[str, Tensor]) -> None:
    tensors["features.2.weight"] = torch.zeros(64, 3, 3, 3)


def missing(tensors: dict[str, Tensor]) -> None:
    del tensors["features.2.bias"]


def not_finite(tensors: dict[str, Tensor]) -> None:
    tensors["features.0.weight"][0, 0, 0, 0] = torch.nan


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (wrong_shape, r"features\.2\.weight .* has the shape \(64, 3, 3, 3\), but VGG-19's is \(64, 64, 3, 3\)"),
        (missing, r"has no tensor features\.2\.bias"),
        (not_finite, r"features\.0\.weight .* holds NaN or infinite numbers"),
    ],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_damaged_files_are_refused(
    tmp_path: Path, spoil: Callable[[dict[str, Tensor]], None], message: str, suffix: str
) -> None:
    tensors = synthetic_vgg19()
    spoil(tensors)
    path = tmp_path / f"spoiled{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(tensors, path)
    with pytest.raises(WeightsError, match=message):
        load_layers(path, 5)


@pytest.mark.parametrize("name", ["text.safetensors", "text.pth", "empty.pth", "empty.safetensors"])
def test_files_without_weights_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"these are no weights at all")
    with pytest.raises(WeightsError, match="is not a readable"):
        load_layers(tmp_path / name, 5)


def test_a_pickle_that_runs_code_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return Path.touch, (tmp_path / "owned",)  # type: ignore[return-value]

    torch.save({"features.0.weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="is not a readable PyTorch file"):
        load_layers(tmp_path / "evil.pth", 1)
    assert not (tmp_path / "owned").exists()


def test_where_the_weights_file_is_found(monkeypatch: pytest.MonkeyPatch, synthetic_weights: Path) -> None:
    with pytest.raises(WeightsError, match=r"needs trained VGG-19 weights.* --trained FILE or \$BARESTYLE_VGG19"):
        find_weights(None)
    monkeypatch.setenv("BARESTYLE_VGG19", str(synthetic_weights))
    assert find_weights(None) == synthetic_weights
    with pytest.raises(WeightsError, match=r"there is no weights file 'nowhere\.pth'"):
        find_weights("nowhere.pth")


def activations(layers: list[tuple[Tensor, Tensor]], x: Tensor) -> list[float]:
    means = []
    for number, (weight, bias) in enumerate(layers, start=1):
        x = F.relu(F.conv2d(x, weight, bias, padding=1))
        means.append(float(x.mean()))
        x = F.max_pool2d(x, 2) if number in (2, 4) else x
    return means


def test_rescaling_gives_mean_activation_one_and_changes_nothing_else(synthetic_weights: Path, content: Tensor) -> None:
    plain = load_layers(synthetic_weights, 5)
    network = build_network(TRAINED, seed=0, deepest_layer=5, trained=plain)
    scaled = rescale_layers(plain, [normalize_image(content)])
    means = activations(list(zip(scaled.weights, scaled.biases, strict=True)), normalize_image(content))
    assert means == pytest.approx([1.0] * 5, rel=1e-4)
    before = network(content)
    after = build_network(TRAINED, seed=0, deepest_layer=5, trained=scaled)(content)
    for tap, maps in before.items():
        ratio = (after[tap].abs().sum() / maps.abs().sum()).item()
        torch.testing.assert_close(after[tap], maps * ratio, rtol=1e-3, atol=1e-4)


def test_rescaling_brings_oxfords_activations_to_one(real_weights: Path, content: Tensor) -> None:
    """Activations of Oxford's weights are far from order 1; rescaling makes them 1."""
    layers = load_layers(real_weights, 5)
    network = build_network(TRAINED, seed=0, deepest_layer=5, trained=layers)
    assert float(network(content)[1].relu().mean()) > 5
    scaled = build_network(TRAINED, seed=0, deepest_layer=5, trained=rescale_layers(layers, [normalize_image(content)]))
    assert [float(maps.relu().mean()) for maps in scaled(content).values()] == pytest.approx([1.0] * 5, rel=1e-3)


def test_only_weights_far_from_unit_scale_are_noticed(synthetic_weights: Path, content: Tensor) -> None:
    images = [normalize_image(content)]
    layers = load_layers(synthetic_weights, 1)
    assert not is_far_from_unit_scale(layers, images)
    larger = replace(layers, weights=(layers.weights[0] * 30,), biases=(layers.biases[0] * 30,))
    assert is_far_from_unit_scale(larger, images)


def test_the_real_weights_are_far_from_unit_scale(real_weights: Path, content: Tensor) -> None:
    assert is_far_from_unit_scale(load_layers(real_weights, 1), [normalize_image(content)])


def test_a_layer_without_positive_output_is_refused(synthetic_weights: Path, content: Tensor) -> None:
    layers = load_layers(synthetic_weights, 2)
    dead = replace(layers, biases=(layers.biases[0] - 1e6, layers.biases[1]))
    with pytest.raises(WeightsError, match="layer 1 of these weights has no positive output for these images"):
        rescale_layers(dead, [normalize_image(content)])
