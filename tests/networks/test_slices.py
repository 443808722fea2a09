"""Some rows of a network's planes, computed from the rows of the image that they depend on."""

from __future__ import annotations

import random

import pytest
import torch

from barestyle.networks import ConvStack, Size, build_network
from barestyle.networks.interpolation import find_sources, interpolate
from tests.objective.cases import NETWORKS, build_spec, draw_image


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("height", "width"), [(97, 61), (64, 32), (203, 50)])
def test_rows_are_those_of_the_whole_planes(name: str, height: int, width: int) -> None:
    spec = build_spec(name, "gram")
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).double()
    image, choose = draw_image(height, width, 0), random.Random(1)
    planes = network.split_into_planes(image)
    for _ in range(10):
        needed = []
        for stack, plane in zip(network.stacks, planes, strict=True):
            assert isinstance(stack, ConvStack)
            first = choose.randint(stack.margin, plane.shape[2] - stack.margin - 1)
            last = choose.randint(first + 1, plane.shape[2] - stack.margin)
            around = choose.randint(0, 30)
            is_empty = len(planes) > 1 and choose.random() < 0.2
            needed.append((0, 0) if is_empty else (max(first - around, 0), min(last + around, plane.shape[2])))
        slicer = network.slice_planes(Size(height, width), needed)
        top, bottom = slicer.image_rows
        for part, plane, (first, last) in zip(slicer.split(image[:, :, top:bottom]), planes, needed, strict=True):
            assert part.shape[2] == last - first
            if first == last:
                continue
            torch.testing.assert_close(part, plane[:, :, first:last], rtol=0, atol=1e-13)


def test_all_rows_are_split_as_a_whole() -> None:
    spec = build_spec("mirrored pyramid", "gram")
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).double()
    sizes = network.plane_sizes(Size(40, 30))
    slicer = network.slice_planes(Size(40, 30), [(0, size.height) for size in sizes])
    assert slicer.image_rows == (0, 40)


@pytest.mark.parametrize(("count", "length"), [(7, 20), (20, 7), (9, 9)])
def test_interpolated_parts_are_those_of_the_whole(count: int, length: int) -> None:
    maps = torch.rand(1, 2, count, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    whole = torch.nn.functional.interpolate(maps, (length, 4), mode="bilinear")
    for start, end in ((0, length), (2, 5), (length - 1, length), (3, 3)):
        first, last = find_sources(count, length, start, end)
        part = interpolate(maps[:, :, first:last], 2, length, start, end, first=first, count=count)
        torch.testing.assert_close(part, whole[:, :, start:end], rtol=0, atol=1e-14)
