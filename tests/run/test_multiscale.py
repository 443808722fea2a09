"""Courses: scales and precisions one after the other, and what is carried between them."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import transfer, with_settings
from barestyle.errors import SpecError
from barestyle.images import resize
from barestyle.networks import Size, build
from barestyle.presets import preset
from barestyle.run.plan import prepare
from barestyle.run.precision import cast_network, gradient_cosine
from barestyle.run.progress import Progress
from barestyle.run.request import Request
from barestyle.run.scaled_inputs import upsample_change
from barestyle.run.stages import Stage, fraction_done, plan_stages, reassign_steps, shrink_size
from barestyle.spec import Spec
from tests.conftest import drawing

SMALL = {"network.channels": 6, "size": 96, "optimizer.steps": 4}


def small(**more: object) -> Spec:
    return with_settings(preset("npnd").spec, {**SMALL, **{key.replace("__", "."): one for key, one in more.items()}})


def test_one_scale_in_float32_is_one_leg() -> None:
    size = Size(96, 72)
    assert plan_stages(small(), size, [size], "float32") == [Stage(size, "float32", 4)]
    assert plan_stages(preset("paper").spec, size, [size], "float32") == [Stage(size, "float32", 400)]


def test_scales_grow_to_the_result_and_too_small_ones_are_left_out() -> None:
    spec = small(scales="coarse-to-fine", scales__count=4, scales__finest_steps=2)
    size = Size(96, 72)
    found = plan_stages(spec, size, [size], "float32")
    assert [stage.size for stage in found] == [Size(24, 18), Size(48, 36), size]
    assert [stage.steps for stage in found] == [4, 4, 2]
    # A narrow style would be too small at the coarsest of these.
    assert [stage.size for stage in plan_stages(spec, size, [size, Size(96, 40)], "float32")] == [Size(48, 36), size]


def test_steps_count_by_their_pixels() -> None:
    way = [Stage(Size(10, 10), "float32", 4), Stage(Size(20, 20), "float32", 2)]
    assert [fraction_done(way, step) for step in range(7)] == [0, 1 / 12, 2 / 12, 3 / 12, 4 / 12, 8 / 12, 1]


def test_mixed_precision_ends_in_float32() -> None:
    size = Size(96, 96)
    found = plan_stages(small(optimizer__steps=40), size, [size], "mixed")
    assert [(stage.precision, stage.steps, stage.precision_checked) for stage in found] == [
        ("bf16", 30, True),
        ("float32", 10, False),
    ]
    coarse = plan_stages(small(scales="coarse-to-fine", scales__count=2), size, [size], "mixed")
    assert [stage.precision for stage in coarse] == ["bf16", "bf16", "float32"]
    assert [stage.precision for stage in plan_stages(small(), size, [size], "bf16")] == ["bf16"]


def test_the_papers_optimizer_has_one_scale_and_one_precision() -> None:
    with pytest.raises(SpecError, match="scales=coarse-to-fine does not work with optimizer=paper-lbfgs"):
        with_settings(preset("paper").spec, {"scales": "coarse-to-fine"})
    image = drawing(64, 64, 1)
    with pytest.raises(SpecError, match="precision=mixed does not work with optimizer=paper-lbfgs"):
        prepare(Request(image, image, preset("paper").spec, precision="mixed"))
    assert prepare(Request(image, image, preset("paper").spec)).precision == "float32"
    with pytest.raises(SpecError, match="precision cannot be 'half'; it must be one of auto, float32, bf16, mixed"):
        prepare(Request(image, image, small(), precision="half"))


def test_auto_takes_bf16_where_the_device_is_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    image = drawing(64, 64, 1)
    for made, expected in ((True, "mixed"), (False, "float32")):
        monkeypatch.setattr("barestyle.hardware.devices.has_fast_bf16", lambda _, made=made: made)
        assert prepare(Request(image, image, small())).precision == expected


def test_an_unchanged_content_stays_itself_at_any_size(content: Tensor) -> None:
    less, whole = resize(content, 20, 27), Size(*content.shape[-2:])
    assert torch.equal(upsample_change(less, less, content, whole), content)
    brighter = upsample_change((less + 0.1).clamp(0, 1), less, content, whole)
    torch.testing.assert_close(brighter.mean(), (content + 0.1).clamp(0, 1).mean(), atol=0.01, rtol=0)
    assert upsample_change(content, content, content, whole) is content


def test_coarse_to_fine_ends_lower_than_as_many_steps_at_full_size(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    steps = 3
    plain = transfer(content_image, style_image, small(optimizer__steps=steps, optimizer__tolerance=0))
    spec = small(
        optimizer__steps=15,
        optimizer__tolerance=0,
        scales="coarse-to-fine",
        scales__count=2,
        scales__finest_steps=steps,
    )
    seen: list[Progress] = []
    shapes: set[tuple[int, ...]] = set()

    def watch(progress: Progress) -> None:
        seen.append(progress)
        shapes.add(tuple(progress.picture().shape))

    result = transfer(content_image, style_image, spec, on_progress=watch)
    assert result.losses[-1] < plain.losses[-1]
    assert [progress.step for progress in seen] == [*range(16), *range(15, 19)]
    assert seen[-1].steps == 18
    assert shapes == {tuple(result.image.shape)}
    assert seen[-1].evaluations == result.evaluations >= 20


def test_mixed_precision_ends_where_float32_does(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = small(optimizer__steps=24, optimizer__tolerance=0)
    plain, mixed, narrow = (
        transfer(content_image, style_image, spec, precision=precision) for precision in ("float32", "mixed", "bf16")
    )
    assert mixed.record.precision == "mixed"
    assert len(mixed.record.memory_plans) == 2
    assert mixed.losses[-1] == pytest.approx(plain.losses[-1], rel=0.35)
    assert mixed.losses[-1] < 0.05 * mixed.losses[0]
    assert narrow.losses[-1] < 0.1 * narrow.losses[0]


def test_a_bf16_gradient_that_points_elsewhere_ends_its_leg(
    content_image: Image.Image, style_image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("barestyle.run.precision.MIN_COSINE", 2.0)
    monkeypatch.setattr("barestyle.run.precision.CHECK_EVERY", 3)
    seen: list[int] = []
    spec = small(optimizer__steps=12, optimizer__tolerance=0)
    transfer(content_image, style_image, spec, precision="mixed", on_progress=lambda p: seen.append(p.step))
    assert seen == [0, *range(13)], "bfloat16 was given up at once, and float32 took all its steps"


def test_float32_takes_the_steps_that_bf16_leaves() -> None:
    small, large = Size(48, 48), Size(96, 96)
    stage, last = Stage(small, "bf16", 20, True), Stage(large, "float32", 4)
    assert reassign_steps(stage, 5, [last]) == [Stage(small, "float32", 15), last]
    assert reassign_steps(stage, 20, [last]) == [last]
    assert reassign_steps(Stage(large, "bf16", 8, True), 2, [last]) == [Stage(large, "float32", 10)]


def test_networks_change_precision_as_copies() -> None:
    network = build(small().network, seed=0, deepest_layer=5)
    narrow = cast_network(network, "bf16")
    assert narrow.dtype == torch.bfloat16
    assert network.dtype == torch.float32
    assert cast_network(network, "float32") is network


def test_sizes_and_cosines() -> None:
    assert shrink_size(Size(101, 3), 4.0) == Size(25, 1)
    one = torch.tensor([1.0, 2.0])
    assert gradient_cosine(one, 3 * one) == pytest.approx(1)
    assert gradient_cosine(one, torch.tensor([-2.0, 1.0])) == pytest.approx(0)
