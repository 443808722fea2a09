"""How much memory an evaluation takes."""

from __future__ import annotations

from barestyle.losses.sweep import BAND
from barestyle.networks import Chain, Network, Size

AT_ONCE = 12
"""Bands that exist at the same time: a layer's input, features, gradients, and what a convolution makes inside."""

PYRAMID_IMAGES = 8
"""Images' worth of float32 in a pyramid's levels and what its backward pass needs."""


def features_bytes(network: Network, picture: Size, tile: Size | None, content_tap: int | None = None) -> int:
    """Bytes of what a sweep keeps for one tile of a picture, with those of the content that it is compared with."""
    before, after = network.reach
    height, width = picture
    if tile is not None:
        height, width = min(tile.height + before + after, height), min(tile.width + before + after, width)
    total = 0
    for chain in network.chains:
        assert isinstance(chain, Chain)
        maps = [
            size.height * size.width * chain[index].channels
            for index, size in enumerate(chain.sizes(Size(height, width)))
        ]
        content = 0 if content_tap is None else max(min(content_tap - chain.first_tap + 1, len(chain)), 0)
        total += sum(maps[1:]) + sum(maps[1:content])
        if network.device.type != "cpu":
            total += AT_ONCE * max(maps)  # there a band is the whole layer
    return total * network.dtype.itemsize


def overhead_bytes(network: Network, picture: Size) -> int:
    """Bytes that an evaluation takes beside the features and the image's gradient, however it is cut."""
    (first, *_), image = network.chains, 3 * 4 * picture.height * picture.width
    assert isinstance(first, Chain)
    bands = AT_ONCE * BAND * 4 if network.device.type == "cpu" else 0
    return bands + (0 if first.pixels else PYRAMID_IMAGES * image)
