"""Buffers: memory that is taken, given back and taken again."""

from __future__ import annotations

import torch

from barestyle.networks import Size, build_network
from barestyle.objective import Tiling, build_objective, estimate_feature_bytes
from barestyle.objective.buffer_pool import BufferPool
from tests.objective.cases import build_spec, draw_image


def test_tiles_of_several_sizes_share_their_memory() -> None:
    """Tiles at the borders have a smaller halo; together they take little more than one of the largest."""
    spec = build_spec("vgg", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer)
    objective = build_objective(spec, network, draw_image(150, 130, 0).float(), draw_image(64, 48, 1).float())
    objective.tiling = Tiling(Size(40, 40))
    objective.evaluate(draw_image(150, 130, 2).float())
    assert 4 * objective._buffers.numel <= 1.3 * estimate_feature_bytes(network, Size(150, 130), Size(40, 40))


def test_a_map_that_was_given_back_is_taken_again() -> None:
    pool, like = BufferPool(), torch.zeros(1, dtype=torch.float64)
    first = pool.take((1, 3, 4, 5), like)
    assert (first.shape, first.dtype) == ((1, 3, 4, 5), torch.float64)
    assert first.is_contiguous(memory_format=torch.channels_last)
    other = pool.take((1, 3, 4, 5), like)
    assert other.data_ptr() != first.data_ptr(), "the first map is still in use"
    pool.give(first)
    smaller = pool.take((1, 2, 4, 5), like)
    assert smaller.data_ptr() == first.data_ptr()
    assert pool.numel == 2 * 60


def test_a_larger_map_replaces_a_free_one_that_is_too_small() -> None:
    pool, like = BufferPool(), torch.zeros(1)
    pool.give(pool.take((1, 1, 2, 2), like))
    pool.take((1, 1, 3, 3), like)
    assert pool.numel == 9
    pool.clear()
    assert pool.numel == 0
