"""Resizing by rows: PyTorch's values, and the same bits for a part as for the whole."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from barestyle.distributed import ProcessGroup, RowShard, resample, resize_rows
from tests.distributed.processes import run_processes

SIZES = [((97, 31), (40, 31)), ((40, 30), (97, 64)), ((200, 20), (199, 21)), ((300, 64), (17, 9)), ((64, 8), (128, 8))]


def draw(height: int, width: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize(("before", "after"), SIZES)
def test_it_is_what_pytorch_computes(before: tuple[int, int], after: tuple[int, int], antialias: bool) -> None:
    image = draw(*before)
    expected = F.interpolate(image, after, mode="bicubic", antialias=antialias, align_corners=False)
    torch.testing.assert_close(resample(image, after, antialias=antialias), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize(("before", "after"), SIZES)
def test_a_part_has_the_bits_of_the_whole(before: tuple[int, int], after: tuple[int, int], antialias: bool) -> None:
    image = draw(*before, torch.float32)
    whole = resample(image, after, antialias=antialias)
    for top, bottom in ((0, 1), (3, after[0] // 2), (after[0] - 2, after[0])):
        part = resample(image, after, antialias=antialias, rows=(top, bottom))
        assert torch.equal(part, whole[:, :, top:bottom])


def test_processes_resize_together() -> None:
    assert run_processes(_resize_all, 3) == [True] * 3


def _resize_all(group: ProcessGroup) -> bool:
    equal = True
    for before, after in SIZES:
        for antialias in (True, False):
            image = draw(*before, torch.float32)
            shard, target = RowShard.split(before[0], group), RowShard.split(after[0], group, alignment=4)
            rows = resize_rows(shard.crop(image).clone(), shard, target, after[1], antialias=antialias)
            equal &= torch.equal(rows, target.crop(resample(image, after, antialias=antialias)))
    return equal
