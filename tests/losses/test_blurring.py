"""Means over cells, against PyTorch's antialiased resizing, and their transpose."""

from __future__ import annotations

import pytest
import torch

from barestyle.losses.blurring import CellBlur, build_blur_matrix
from tests.losses.cases import blur_over_cells


@pytest.mark.parametrize(("height", "width", "cells"), [(40, 30, 8), (31, 47, 16), (20, 24, 64)])
def test_means_are_those_of_antialiased_resizing(height: int, width: int, cells: int) -> None:
    planes = torch.rand(1, 2, height, width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    blur = CellBlur(planes, cells)
    means = blur.blur_rows(blur.blur_columns(planes))
    assert tuple(means.shape[-2:]) == blur.size
    torch.testing.assert_close(means, blur_over_cells(planes, cells), rtol=1e-9, atol=1e-12)


def test_unblurring_is_the_transpose_of_blurring() -> None:
    generator = torch.Generator().manual_seed(1)
    planes = torch.rand(2, 33, 21, generator=generator, dtype=torch.float64)
    blur = CellBlur(planes, 7)
    cells = torch.rand(2, *blur.size, generator=generator, dtype=torch.float64)
    forward = (blur.blur_rows(blur.blur_columns(planes)) * cells).sum()
    backward = torch.cat((blur.unblur(cells, 0, 10), blur.unblur(cells, 10, 33)), dim=1)
    assert float((planes * backward).sum()) == pytest.approx(float(forward), rel=1e-12)


@pytest.mark.parametrize("side", [7, 40, 513])
def test_rows_of_the_blur_matrix_are_weighted_means(side: int) -> None:
    torch.testing.assert_close(
        build_blur_matrix(side, 4.0).sum(1), torch.ones(max(round(side / 4), 1), dtype=torch.float64)
    )
