"""Running out of memory: smaller tiles until it fits, and errors that are not about memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from barestyle.networks import Size, build_network
from barestyle.objective import Tiling, build_objective
from barestyle.objective.tile_pass import TilePass
from tests.objective.cases import assert_close, build_spec, draw_image


@pytest.mark.parametrize("failures", [1, 4])
def test_running_out_of_memory_makes_tiles_smaller(failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = build_spec("vgg", "whitened, content, smoothness")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    content, style, image = draw_image(300, 80, 0), draw_image(100, 80, 1), draw_image(300, 80, 2)
    expected = build_objective(spec, network, content, style).evaluate(image)
    objective = build_objective(spec, network, content, style)
    heights: list[int] = []
    backward = TilePass.backward

    def run_out_of_memory(self: TilePass, *arguments: Any) -> Tensor:
        if len(heights) < failures:
            heights.append(self._size.height)
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: ...")
        return backward(self, *arguments)

    monkeypatch.setattr(TilePass, "backward", run_out_of_memory)
    assert_close(objective.evaluate(image), expected, 1e-9)
    assert len(heights) == failures
    assert heights == sorted(heights, reverse=True)
    assert objective.tiling.tile_size is not None


def test_an_error_is_raised_if_tiles_cannot_be_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = build_spec("vgg", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    objective = build_objective(spec, network, draw_image(200, 200, 0), draw_image(100, 80, 1))

    def run_out_of_memory(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(TilePass, "backward", run_out_of_memory)
    with pytest.raises(torch.OutOfMemoryError):
        objective.evaluate(draw_image(200, 200, 2))
    assert objective.tiling.tile_size == Size(64, 64)


def test_other_errors_are_raised_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = build_spec("vgg", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    objective = build_objective(spec, network, draw_image(64, 64, 0), draw_image(64, 64, 1))
    calls: list[int] = []

    def fail(*_: Any) -> None:
        calls.append(1)
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(TilePass, "backward", fail)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        objective.evaluate(draw_image(64, 64, 2))
    assert calls == [1]


def test_resident_tiles_are_given_up_first_then_rows_then_columns() -> None:
    tiling = Tiling(Size(256, 100), resident_tiles=3)
    steps: list[tuple[Size | None, int]] = []

    def fail() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    def note() -> None:
        steps.append((tiling.tile_size, tiling.resident_tiles))

    with pytest.raises(torch.OutOfMemoryError):
        tiling.run_until_it_fits(fail, Size(256, 256), before_retry=note)
    assert steps == [((256, 100), 1), ((128, 100), 1), ((64, 100), 1), ((64, 64), 1)]
