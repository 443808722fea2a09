"""Both ways to the products, by convolution and by matrix product, against float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.losses import products
from barestyle.losses.products import second_moment, transformed

BOUNDS = {torch.float64: 1e-13, torch.float32: 1e-6, torch.bfloat16: 5e-3}


@pytest.fixture(params=["convolution", "matrix product"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "matrix product":
        monkeypatch.setattr(products, "_by_convolution", lambda features: False)


def features(dtype: torch.dtype, memory_format: torch.memory_format = torch.channels_last) -> Tensor:
    values = torch.randn(1, 6, 37, 41, generator=torch.Generator().manual_seed(0)) + 2
    return values.to(dtype).contiguous(memory_format=memory_format)


def error(found: Tensor, wanted: Tensor) -> float:
    return float((found.double() - wanted).norm() / wanted.norm())


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dtype", BOUNDS)
def test_second_moments_equal_float64s(dtype: torch.dtype) -> None:
    maps = features(dtype)
    found = second_moment(maps)
    assert found.dtype == torch.promote_types(dtype, torch.float32)
    # Against the rounded features' own moments: in bfloat16 products are summed in float32 all the same.
    assert error(found, torch.einsum("nchw,ndhw->cd", maps.double(), maps.double())) < BOUNDS[dtype]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("with_vector", [False, True])
@pytest.mark.parametrize("dtype", BOUNDS)
def test_every_pixel_is_transformed(dtype: torch.dtype, with_vector: bool) -> None:
    maps = features(dtype)
    matrix = torch.randn(6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    matrix += matrix.T.clone()
    vector = torch.arange(6, dtype=torch.float64) if with_vector else None
    wanted = torch.einsum("cd,ndhw->nchw", matrix, maps.double())
    if vector is not None:
        wanted += vector.view(1, -1, 1, 1)
    found = transformed(maps, matrix, vector)
    assert found.dtype == dtype
    assert error(found, wanted) < BOUNDS[dtype]


@pytest.mark.usefixtures("way")
def test_rows_of_a_map_and_other_layouts_are_the_same_numbers() -> None:
    maps = features(torch.float32)
    parts = second_moment(maps[:, :, :20]) + second_moment(maps[:, :, 20:])
    assert error(parts, second_moment(maps).double()) < 1e-6
    assert error(second_moment(features(torch.float32, torch.contiguous_format)), parts.double()) < 1e-6
