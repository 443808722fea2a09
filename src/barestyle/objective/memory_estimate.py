"""Estimates of the memory that an evaluation takes."""

from __future__ import annotations

from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.tile_pass import BAND_VALUES

LIVE_BANDS = 12
"""Bands that exist at the same time: a layer's inputs, features and gradients, and a convolution's working memory."""

PYRAMID_IMAGES = 8
"""Images' worth of float32 in a pyramid's levels and their backward pass."""


def estimate_feature_bytes(
    network: Network, image: Size, tile: Size | None, content_tap: int | None = None, guide_channels: int = 0
) -> int:
    """Return the bytes of the features that a tile pass stores for one tile, and of the content's for that tile.

    Without a tile, return those of all planes together, as all are stored at once. `guide_channels` are those of all
    regions' guides.
    """
    before, after = network.halo
    bytes_by_plane = []
    for stack, plane in zip(network.stacks, network.plane_sizes(image), strict=True):
        assert isinstance(stack, ConvStack)
        area = plane
        if tile is not None:
            area = Size(min(tile.height + before + after, plane.height), min(tile.width + before + after, plane.width))
        maps = [size.height * size.width * stack[index].channels for index, size in enumerate(stack.sizes(area))]
        content_depth = 0 if content_tap is None else max(min(content_tap - stack.first_tap + 1, len(stack)), 0)
        values = sum(maps[1:]) + sum(maps[1:content_depth])
        tap_strides = {stack.tap_stride(index) for index in range(len(stack))}
        values += guide_channels * sum(area.height * area.width // stride**2 for stride in tap_strides)
        if network.device.type != "cpu":
            values += LIVE_BANDS * max(maps)  # a band is the whole layer there
        bytes_by_plane.append(values)
    return (sum(bytes_by_plane) if tile is None else max(bytes_by_plane)) * network.dtype.itemsize


def estimate_overhead_bytes(network: Network, image: Size) -> int:
    """Return the bytes that an evaluation takes besides features and the image's gradient, however it is tiled."""
    (first, *_), image_bytes = network.stacks, 3 * 4 * image.height * image.width
    assert isinstance(first, ConvStack)
    bands = LIVE_BANDS * BAND_VALUES * 4 if network.device.type == "cpu" else 0
    return bands + (0 if first.pixels else PYRAMID_IMAGES * image_bytes)
