"""Both implementations of the products, by convolution and by matrix product, against float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.losses import products
from barestyle.losses.products import add_product, apply_affine, compute_cross_moment, compute_second_moment

BOUNDS = {torch.float64: 1e-13, torch.float32: 1e-6, torch.bfloat16: 5e-3}


@pytest.fixture(params=["convolution", "matrix product"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "matrix product":
        monkeypatch.setattr(products, "_runs_as_convolution", lambda features: False)


def draw_features(dtype: torch.dtype, memory_format: torch.memory_format = torch.channels_last) -> Tensor:
    values = torch.randn(1, 6, 37, 41, generator=torch.Generator().manual_seed(0)) + 2
    return values.to(dtype).contiguous(memory_format=memory_format)


def measure_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual.double() - expected).norm() / expected.norm())


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize("dtype", BOUNDS)
def test_second_moments_equal_those_of_float64(dtype: torch.dtype) -> None:
    maps = draw_features(dtype)
    actual = compute_second_moment(maps)
    assert actual.dtype == torch.promote_types(dtype, torch.float32)
    # The reference is of the rounded features: products of bfloat16 are summed in float32.
    assert measure_error(actual, torch.einsum("nchw,ndhw->cd", maps.double(), maps.double())) < BOUNDS[dtype]


@pytest.mark.parametrize("dtype", BOUNDS)
def test_cross_moments_equal_those_of_float64(dtype: torch.dtype) -> None:
    maps, guide = draw_features(dtype), draw_features(dtype)[:, 1:5].flip(3)
    actual = compute_cross_moment(maps, guide)
    assert actual.dtype == torch.promote_types(dtype, torch.float32)
    assert measure_error(actual, torch.einsum("nchw,nkhw->ck", maps.double(), guide.double())) < BOUNDS[dtype]


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize("with_vector", [False, True])
@pytest.mark.parametrize("dtype", BOUNDS)
def test_every_pixel_is_mapped(dtype: torch.dtype, with_vector: bool) -> None:
    maps = draw_features(dtype)
    matrix = torch.randn(6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    matrix += matrix.T.clone()
    vector = torch.arange(6, dtype=torch.float64) if with_vector else None
    expected = torch.einsum("cd,ndhw->nchw", matrix, maps.double())
    if vector is not None:
        expected += vector.view(1, -1, 1, 1)
    actual = apply_affine(maps, matrix, vector)
    assert actual.dtype == dtype
    assert measure_error(actual, expected) < BOUNDS[dtype]


@pytest.mark.parametrize("dtype", BOUNDS)
def test_a_product_is_added_in_place(dtype: torch.dtype) -> None:
    maps, guide = draw_features(dtype), draw_features(dtype)[:, :4]
    matrix = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = maps.double() + torch.einsum("ck,nkhw->nchw", matrix, guide.double())
    add_product(maps, guide, matrix)
    assert measure_error(maps, expected) < BOUNDS[dtype]


def test_a_product_is_never_added_to_a_copy() -> None:
    """Parts of rows cannot be viewed as one matrix."""
    parts = draw_features(torch.float32)[..., :20]
    with pytest.raises(RuntimeError, match="view"):
        add_product(parts, parts, torch.eye(6))


@pytest.mark.usefixtures("implementation")
def test_parts_of_a_map_and_other_layouts_give_the_same_moments() -> None:
    maps = draw_features(torch.float32)
    parts = compute_second_moment(maps[:, :, :20]) + compute_second_moment(maps[:, :, 20:])
    assert measure_error(parts, compute_second_moment(maps).double()) < 1e-6
    assert (
        measure_error(compute_second_moment(draw_features(torch.float32, torch.contiguous_format)), parts.double())
        < 1e-6
    )
