"""How much memory an evaluation takes."""

from __future__ import annotations

from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.tile_pass import BAND

LIVE_BANDS = 12
"""Bands that exist at the same time: a layer's input, features, gradients, and what a convolution makes inside."""

PYRAMID_IMAGES = 8
"""Images' worth of float32 in a pyramid's levels and what its backward pass needs."""


def features_bytes(network: Network, picture: Size, tile: Size | None, content_tap: int | None = None) -> int:
    """Bytes of what a sweep keeps for one tile of a picture, with those of the content that it is compared with.

    Without a tile, of all planes together, as these are held at once.
    """
    before, after = network.halo
    each = []
    for stack, plane in zip(network.stacks, network.plane_sizes(picture), strict=True):
        assert isinstance(stack, ConvStack)
        seen = plane
        if tile is not None:
            seen = Size(min(tile.height + before + after, plane.height), min(tile.width + before + after, plane.width))
        maps = [size.height * size.width * stack[index].channels for index, size in enumerate(stack.sizes(seen))]
        content = 0 if content_tap is None else max(min(content_tap - stack.first_tap + 1, len(stack)), 0)
        each.append(sum(maps[1:]) + sum(maps[1:content]))
        if network.device.type != "cpu":
            each[-1] += LIVE_BANDS * max(maps)  # there a band is the whole layer
    return (sum(each) if tile is None else max(each)) * network.dtype.itemsize


def overhead_bytes(network: Network, picture: Size) -> int:
    """Bytes that an evaluation takes beside the features and the image's gradient, however it is cut."""
    (first, *_), image = network.stacks, 3 * 4 * picture.height * picture.width
    assert isinstance(first, ConvStack)
    bands = LIVE_BANDS * BAND * 4 if network.device.type == "cpu" else 0
    return bands + (0 if first.pixels else PYRAMID_IMAGES * image)
