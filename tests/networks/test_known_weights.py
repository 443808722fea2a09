"""Known digests: Oxford's own tensors, other weights, and damaged files."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from barestyle.errors import WeightsError
from barestyle.networks.download import DIGESTS_FILE, download_layers
from barestyle.networks.known_weights import OXFORD, verify_known
from tests.conftest import synthetic_vgg19


@pytest.mark.parametrize("layers", [1, 5, 8])
def test_oxfords_weights_are_verified_at_the_first_download(real_weights: Path, tmp_path: Path, layers: int) -> None:
    download = download_layers(str(real_weights), layers=layers, cache=tmp_path)
    assert download.is_verified


def test_the_digests_are_those_of_every_tensor_of_oxfords_file(real_weights: Path) -> None:
    tensors = load_file(real_weights)
    assert set(OXFORD) == set(tensors)
    assert verify_known({key: tensor.numpy().tobytes() for key, tensor in tensors.items()}, "file")


@pytest.mark.parametrize("key", ["features.2.weight", "features.7.bias"])
def test_a_damaged_copy_of_oxfords_weights_is_refused(real_weights: Path, tmp_path: Path, key: str) -> None:
    tensors = load_file(real_weights)
    tensors[key].view(-1)[0] += 1e-3
    save_file(tensors, tmp_path / "damaged.safetensors")
    with pytest.raises(WeightsError, match=rf"is damaged: {key} differs from Oxford's VGG-19; download the file again"):
        download_layers(str(tmp_path / "damaged.safetensors"), cache=tmp_path / "cache")
    assert not (tmp_path / "cache" / DIGESTS_FILE).exists()


def test_a_first_layer_for_another_input_is_accepted_but_not_verified(real_weights: Path, tmp_path: Path) -> None:
    tensors = load_file(real_weights)
    tensors["features.0.weight"] *= 255
    save_file(tensors, tmp_path / "other.safetensors")
    assert not download_layers(str(tmp_path / "other.safetensors"), cache=tmp_path / "cache").is_verified


def test_other_weights_are_not_verified() -> None:
    tensors = {key: tensor.numpy().tobytes() for key, tensor in synthetic_vgg19().items()}
    assert not verify_known(tensors, "file")
