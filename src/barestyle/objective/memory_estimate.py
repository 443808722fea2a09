"""How much memory an evaluation takes."""

from __future__ import annotations

from barestyle.networks import Chain, Network, Size
from barestyle.objective.tile_pass import BAND

AT_ONCE = 12
"""Bands that exist at the same time: a layer's input, features, gradients, and what a convolution makes inside."""

PYRAMID_IMAGES = 8
"""Images' worth of float32 in a pyramid's levels and what its backward pass needs."""


def features_bytes(network: Network, picture: Size, tile: Size | None, content_tap: int | None = None) -> int:
    """Bytes of what a sweep keeps for one tile of a picture, with those of the content that it is compared with.

    Without a tile, of all planes together, as these are held at once.
    """
    before, after = network.reach
    each = []
    for chain, plane in zip(network.chains, network.plane_sizes(picture), strict=True):
        assert isinstance(chain, Chain)
        seen = plane
        if tile is not None:
            seen = Size(min(tile.height + before + after, plane.height), min(tile.width + before + after, plane.width))
        maps = [size.height * size.width * chain[index].channels for index, size in enumerate(chain.sizes(seen))]
        content = 0 if content_tap is None else max(min(content_tap - chain.first_tap + 1, len(chain)), 0)
        each.append(sum(maps[1:]) + sum(maps[1:content]))
        if network.device.type != "cpu":
            each[-1] += AT_ONCE * max(maps)  # there a band is the whole layer
    return (sum(each) if tile is None else max(each)) * network.dtype.itemsize


def overhead_bytes(network: Network, picture: Size) -> int:
    """Bytes that an evaluation takes beside the features and the image's gradient, however it is cut."""
    (first, *_), image = network.chains, 3 * 4 * picture.height * picture.width
    assert isinstance(first, Chain)
    bands = AT_ONCE * BAND * 4 if network.device.type == "cpu" else 0
    return bands + (0 if first.pixels else PYRAMID_IMAGES * image)
