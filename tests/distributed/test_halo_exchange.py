"""Rows that processes get from each other: the right ones, and back for gradients."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor

from barestyle.distributed import HaloExchange, ProcessGroup, RowShard, agree, gather_whole
from barestyle.errors import SpecError
from tests.distributed.processes import run_processes

HEIGHT = 23


def draw(seed: int, height: int = HEIGHT) -> Tensor:
    return torch.rand(1, 3, height, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_parts_cover_the_image_and_end_at_multiples() -> None:
    groups = [_Fake(rank, 3) for rank in range(3)]
    shards = [RowShard.split(50, group, alignment=16) for group in groups]  # type: ignore[arg-type]
    assert [(shard.top, shard.bottom) for shard in shards] == [(0, 16), (16, 32), (32, 50)]
    few = [RowShard.split(2, group) for group in groups]  # type: ignore[arg-type]
    assert [(shard.top, shard.bottom) for shard in few] == [(0, 0), (0, 1), (1, 2)]


class _Fake:
    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size


def test_a_process_alone_gets_views() -> None:
    image, shard = draw(0), RowShard.split(HEIGHT)
    assert HaloExchange(shard, (0, HEIGHT)).gather(image) is image
    assert HaloExchange(shard, (0, HEIGHT)).add_back(image) is image
    assert torch.equal(HaloExchange(shard, (3, 9)).gather(image), image[:, :, 3:9])
    back = HaloExchange(shard, (3, 9)).add_back(image[:, :, 3:9])
    assert float((back - image).abs().sum()) == pytest.approx(float(image.sum() - image[:, :, 3:9].sum()))


@pytest.mark.parametrize("size", [3])
def test_processes_get_the_rows_that_they_need(size: int) -> None:
    """Also empty ones, all rows, and parts that are empty; sums and errors are the same on all."""
    for outcome in run_processes(_exchange, size):
        assert outcome == "done"


def _exchange(group: ProcessGroup) -> str:
    shards = [RowShard.split(HEIGHT, group), RowShard(group, (0, 0, 4, HEIGHT)), RowShard(group, (0, 20, 20, HEIGHT))]
    generator = random.Random(0)
    for shard in shards:
        for _ in range(8):
            spans = [sorted(generator.choices(range(HEIGHT + 1), k=2)) for _ in range(group.size)]
            _check(shard, (spans[group.rank][0], spans[group.rank][1]))
        assert torch.equal(gather_whole(shard.crop(draw(1)), shard), draw(1))
    numbers = group.sum(torch.full((2,), float(group.rank + 1)))
    assert numbers.tolist() == [6.0, 6.0]
    assert group.largest(group.rank) == 2.0
    assert group.broadcast(torch.tensor([group.rank])).item() == 0
    assert group.local_size == 3
    with pytest.raises(SpecError, match="rank 1 refuses"):
        agree(group, lambda: _refuse(group.rank))
    assert agree(group, lambda: group.rank) == [0, 1, 2]
    return "done"


def _refuse(rank: int) -> None:
    if rank == 1:
        raise SpecError("rank 1 refuses")


def _check(shard: RowShard, needed: tuple[int, int]) -> None:
    exchange = HaloExchange(shard, needed)
    image = draw(2)
    gathered = exchange.gather(shard.crop(image).clone())
    assert torch.equal(gathered, image[:, :, needed[0] : needed[1]])
    # The transpose: the inner products of both sides are equal, summed over processes.
    gradient = draw(3 + shard.group.rank, needed[1] - needed[0])
    back = exchange.add_back(gradient)
    sides = torch.stack([(gathered * gradient).sum(), (shard.crop(image) * back).sum()])
    there, here = shard.sum(sides).tolist()
    assert there == pytest.approx(here, rel=1e-12)
