"""SHA-256 of known weights, so that even the first download of them is verified.

Only those of Oxford's VGG-19 are known here (Simonyan & Zisserman 2015; first eight convolutions, float32, OIHW, under
torchvision's keys). Torchvision's IMAGENET1K_V1 weights, which `barestyle weights fetch` downloads by default, are
verified against the digest of the first download only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from barestyle.errors import WeightsError

OXFORD = {
    "features.0.weight": "338967ae3e9b5c17e30b3ae2e5f3fa984c3906523c73c4b4fdd939e82d3fc705",
    "features.0.bias": "4e4ea5d8ad351771e35886f73efd10f04d9b68e512a25a44a6bebbaa9204ca62",
    "features.2.weight": "6359a74e0dcd6dd65c6d6cc22741fc91208dcdc6a17dacda681a7a92ade5205e",
    "features.2.bias": "5761d90241981f04d827da94d22b213443a0aa5179612540d778137c76a20812",
    "features.5.weight": "b041ae17dca5065435e6f7317d98c2d23461a7955924571f5e1fb6dcc312f918",
    "features.5.bias": "4b770cb032dabd86141d9c219249d2a9613004918c07a69d27078b11cbed9ccf",
    "features.7.weight": "f4ce3ca269e6523b53a9805edba391deb98ee84cd2396a30fb5f9ec4e4931a0a",
    "features.7.bias": "2b817920c16e27b478c5692794aced5a8e23769480bba794c0d8ad8190934d03",
    "features.10.weight": "4ce2a8bd985dc3ace77eaf79d973b9dfa804a8a29f0efb1633827eef054acfb9",
    "features.10.bias": "b00b2e1b3f88d36476bebfaf5f787d8be0f4fc2f916e746b87c57b82d6b6b0dd",
    "features.12.weight": "5e082fa2a7741488a5d63566620123add625bdd48fc18089029e7b623c9d59e8",
    "features.12.bias": "8a2d2d519f265c1203c19d34b221231a9e04e84fe15000a7c0a6b3650094841f",
    "features.14.weight": "01ffd66f0d43827db1358c3c939515eeaf94e219c787783d4c8711da61c867ce",
    "features.14.bias": "9af5673e3e3a99dc8bc73c6247f71cf8fab3ecc529a5afd2456c76067b99523b",
    "features.16.weight": "4caecc66b12469afd6bee7df7d68fff6ca74adca97f9b5a5d07524b744b8c5ed",
    "features.16.bias": "2f7261deddc1711356d82920b6a36640316151042ef30c37da5b9730cccce935",
}
"""SHA-256 of each tensor's bytes, little-endian float32. The first convolution takes RGB in 0..1 after subtracting
ImageNet's mean and dividing by its deviation; conversions for other inputs differ in it, and in nothing else."""

_INPUT_LAYER = ("features.0.weight", "features.0.bias")


def verify_known(tensors: Mapping[str, bytes], name: str) -> bool:
    """Return whether all tensors, given as bytes by key, are Oxford's.

    Raises:
        WeightsError: some of the convolutions above the first are Oxford's and others are not, so the file is damaged.
    """
    matches = {key: hashlib.sha256(data).hexdigest() == OXFORD.get(key) for key, data in tensors.items()}
    upper = {key: is_match for key, is_match in matches.items() if key in OXFORD and key not in _INPUT_LAYER}
    if any(upper.values()) and not all(upper.values()):
        damaged = next(key for key, is_match in upper.items() if not is_match)
        raise WeightsError(f"{name} is damaged: {damaged} differs from Oxford's VGG-19; download the file again")
    return all(matches.values())
