"""Stages: sizes, precisions and steps, in order."""

from __future__ import annotations

from barestyle import preset
from barestyle.networks import Size
from barestyle.run.stages import Stage, plan_stages, reassign_steps, shrink_size
from tests.run.conftest import small_spec


def test_one_scale_in_float32_is_one_stage() -> None:
    size = Size(96, 72)
    assert plan_stages(small_spec(), size, [size], "float32") == [Stage(size, "float32", 4)]
    assert plan_stages(preset("paper").spec, size, [size], "float32") == [Stage(size, "float32", 400)]


def test_scales_grow_to_the_result_and_too_small_ones_are_left_out() -> None:
    spec = small_spec(scales="coarse-to-fine", scales__count=4, scales__finest_steps=2)
    size = Size(96, 72)
    found = plan_stages(spec, size, [size], "float32")
    assert [stage.size for stage in found] == [Size(24, 18), Size(48, 36), size]
    assert [stage.steps for stage in found] == [4, 3, 2]
    # A narrow style would be too small at the coarsest of these.
    assert [stage.size for stage in plan_stages(spec, size, [size, Size(96, 40)], "float32")] == [Size(48, 36), size]


def test_mixed_precision_ends_in_float32() -> None:
    size = Size(96, 96)
    found = plan_stages(small_spec(optimizer__steps=40), size, [size], "mixed")
    assert [(stage.precision, stage.steps, stage.precision_checked) for stage in found] == [
        ("bf16", 30, True),
        ("float32", 10, False),
    ]
    spec, large = small_spec(scales="coarse-to-fine", scales__count=3), Size(480, 400)
    coarse = plan_stages(spec, large, [large], "mixed")
    assert [stage.precision for stage in coarse] == ["float32", "bf16", "bf16", "float32"]
    assert [stage.precision_checked for stage in coarse] == [False, True, True, False]
    assert [stage.precision for stage in plan_stages(spec, large, [large], "bf16")] == ["bf16"] * 3
    assert [stage.precision for stage in plan_stages(small_spec(), size, [size], "bf16")] == ["bf16"]


def test_sizes_shrink_to_whole_pixels() -> None:
    assert shrink_size(Size(101, 3), 4.0) == Size(25, 1)


def test_float32_takes_the_steps_that_bf16_leaves() -> None:
    small, large = Size(48, 48), Size(96, 96)
    stage, last = Stage(small, "bf16", 20, True), Stage(large, "float32", 4)
    assert reassign_steps(stage, 5, [last]) == [Stage(small, "float32", 15), last]
    assert reassign_steps(stage, 20, [last]) == [last]
    assert reassign_steps(Stage(large, "bf16", 8, True), 2, [last]) == [Stage(large, "float32", 10)]
