"""Trained VGG-19: find the weights file, read and check its first layers, and rescale them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from platformdirs import user_cache_path
from safetensors import SafetensorError, safe_open
from torch import Tensor

from barestyle.errors import WeightsError
from barestyle.spec.network import VGG19_CHANNELS

ENVIRONMENT_VARIABLE = "BARESTYLE_VGG19"
"""Environment variable with the path of the weights file, used if the spec names none."""

LAYER_INDICES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
"""Indices of the convolutions in torchvision's `vgg19().features`; keys are `features.{index}.weight`."""

POOLS_AFTER = (2, 4, 8, 12)
"""Convolutions after which VGG-19 pools (Simonyan & Zisserman 2015, table 1)."""

CACHED_NAME = "vgg19-{}-layers.safetensors"
"""Name of downloaded weights in the cache folder, by the number of layers."""

HOW_TO_GET = (
    "get the first layers with `barestyle weights fetch`, or save torchvision's vgg19 (IMAGENET1K_V1, "
    "vgg19-dcbb9e9d.pth, 548 MB) or a .safetensors file with the keys features.0.weight, features.0.bias, "
    "features.2.weight and so on"
)


@dataclass(frozen=True)
class TrainedLayers:
    """Weights (c_out, c_in, 3, 3) and biases (c_out,) of VGG-19's first layers, with the file's SHA-256."""

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]
    sha256: str
    path: Path


def find_weights(trained_file: str | None) -> Path:
    """Return the weights file: `trained_file`, else that of $BARESTYLE_VGG19, else the downloaded one.

    Raises:
        WeightsError: there is no such file; the message says how to get one.
    """
    name = trained_file or find_default_weights()
    if not name:
        raise WeightsError(
            f"this network needs trained VGG-19 weights, but no file is named; {HOW_TO_GET}, and name it with "
            f"--trained FILE or ${ENVIRONMENT_VARIABLE}"
        )
    path = Path(name).expanduser()
    try:
        exists = path.is_file()
    except OSError as error:
        raise WeightsError(f"{str(path)!r} cannot be read ({error.strerror}); check its permissions") from None
    if not exists:
        raise WeightsError(f"there is no weights file {str(path)!r}; {HOW_TO_GET}")
    return path


def find_default_weights() -> str | None:
    """Return the weights file that is used if none is named: that of $BARESTYLE_VGG19, else the downloaded one."""
    return os.environ.get(ENVIRONMENT_VARIABLE) or find_downloaded()


def find_downloaded() -> str | None:
    """Return the file with the most layers that `barestyle weights fetch` downloaded, or None."""
    folder = get_cache_folder()
    candidates = (folder / CACHED_NAME.format(layers) for layers in range(len(LAYER_INDICES), 0, -1))
    return next((str(path) for path in candidates if path.is_file()), None)


def get_cache_folder() -> Path:
    """Return the folder of downloaded weights: the user's cache folder, such as ~/.cache/barestyle."""
    return user_cache_path("barestyle", appauthor=False)


def load_layers(path: Path, depth: int) -> TrainedLayers:
    """Return the first `depth` convolutions of VGG-19 in a .safetensors, .pth or .pt file.

    Only these tensors of a .safetensors file are read into memory; PyTorch reads its own format whole.

    Raises:
        WeightsError: the file cannot be read, has no tensor of a layer, or one with another shape or infinite numbers.
    """
    keys = [f"features.{index}.{part}" for index in LAYER_INDICES[:depth] for part in ("weight", "bias")]
    tensors = _read_safetensors(path, keys) if path.suffix == ".safetensors" else _read_torch(path, keys)
    inputs = (3, *VGG19_CHANNELS)
    for layer, index in enumerate(LAYER_INDICES[:depth]):
        expected = (VGG19_CHANNELS[layer], inputs[layer], 3, 3)
        _check_tensor(tensors, f"features.{index}.weight", expected, path)
        _check_tensor(tensors, f"features.{index}.bias", expected[:1], path)
    values = [tensors[key].to(torch.float32) for key in keys]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TrainedLayers(tuple(values[0::2]), tuple(values[1::2]), digest, path)


def count_layers(path: Path) -> int:
    """Return how many of VGG-19's convolutions a file has, from the first on without a gap, 1 to 16.

    Raises:
        WeightsError: the file does not exist, cannot be read, or has no first convolution.
    """
    file = find_weights(str(path))
    return _count_layers(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _count_layers(path: Path, _changed: int) -> int:
    keys = [f"features.{index}.weight" for index in LAYER_INDICES]
    present = _safetensors_keys(path) if path.suffix == ".safetensors" else set(_read_torch(path, keys))
    count = next((number for number, key in enumerate(keys) if key not in present), len(keys))
    if not count:
        raise WeightsError(f"{str(path)!r} has no tensor {keys[0]}, so it is not VGG-19; {HOW_TO_GET}")
    return count


def _safetensors_keys(path: Path) -> set[str]:
    try:
        with safe_open(path, framework="pt") as file:
            return set(file.keys())
    except (SafetensorError, OSError) as error:
        raise _unreadable_error(path, error) from None


def _unreadable_error(path: Path, error: Exception) -> WeightsError:
    return WeightsError(f"{str(path)!r} is not a readable safetensors file ({error}); {HOW_TO_GET}")


def _read_safetensors(path: Path, keys: list[str]) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            present = set(file.keys())
            return {key: file.get_tensor(key) for key in keys if key in present}
    except (SafetensorError, OSError) as error:
        raise _unreadable_error(path, error) from None


def _read_torch(path: Path, keys: list[str]) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001  # the unpickler raises many exceptions on other bytes
        # PyTorch's text is left out: it advises to unpickle without restriction, which can run code in the file.
        raise WeightsError(
            f"{str(path)!r} is not a readable PyTorch file of tensors ({type(error).__name__}); {HOW_TO_GET}"
        ) from None
    if not isinstance(state, dict):
        raise WeightsError(f"{str(path)!r} holds a {type(state).__name__}, not named tensors; {HOW_TO_GET}")
    return {key: state[key] for key in keys if isinstance(state.get(key), Tensor)}


def _check_tensor(tensors: dict[str, Tensor], key: str, shape: tuple[int, ...], path: Path) -> None:
    if key not in tensors:
        raise WeightsError(f"{str(path)!r} has no tensor {key}, so it is not VGG-19; {HOW_TO_GET}")
    if tensors[key].layout != torch.strided or not tensors[key].is_floating_point():
        raise WeightsError(f"{key} in {str(path)!r} does not hold plain floating-point numbers; {HOW_TO_GET}")
    if tuple(tensors[key].shape) != shape:
        raise WeightsError(
            f"{key} in {str(path)!r} has the shape {tuple(tensors[key].shape)}, but VGG-19's is {shape}; {HOW_TO_GET}"
        )
    if not torch.isfinite(tensors[key]).all():
        raise WeightsError(f"{key} in {str(path)!r} holds NaN or infinite numbers; {HOW_TO_GET}")


UNIT_SCALE_LIMIT = 5.0
"""Mean activation of conv1_1; Oxford's weights have about 15, torchvision's are of order 1."""


def is_far_from_unit_scale(layers: TrainedLayers, normalized_images: list[Tensor]) -> bool:
    """Return whether activations are too large for a fixed bias and the paper's loss weights."""
    first = [F.relu(F.conv2d(x, layers.weights[0], layers.biases[0], padding=1)).mean() for x in normalized_images]
    return float(torch.stack(first).mean()) > UNIT_SCALE_LIMIT


def rescale_layers(layers: TrainedLayers, normalized_images: list[Tensor]) -> TrainedLayers:
    """Return the layers, each divided so that the output of its ReLU has mean 1 over the given images.

    Since ReLU(a x) = a ReLU(x) for a > 0, every feature map changes by one factor only. Deviation: one factor for each
    layer, where Gatys et al. (2016) have one for each channel.

    Args:
        normalized_images: each (1, 3, H, W), as `normalize_image` returns them.
    """
    maps = normalized_images
    weights, biases, scale = [], [], 1.0
    for number, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True), start=1):
        maps = [F.relu(F.conv2d(x, weight, bias, padding=1)) for x in maps]
        mean = float(torch.stack([x.mean() for x in maps]).mean())
        if not mean > 0:
            raise WeightsError(
                f"layer {number} of these weights has no positive output for these images; download the weights again"
            )
        weights.append(weight * (scale / mean))
        biases.append(bias / mean)
        scale = mean
        if number in POOLS_AFTER:
            maps = [F.max_pool2d(x, 2) for x in maps]
    return TrainedLayers(tuple(weights), tuple(biases), layers.sha256, layers.path)
