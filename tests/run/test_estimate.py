"""Estimates before a run: what costs more, recorded runs, and the memory that was planned."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from barestyle import preset, with_settings
from barestyle.errors import DeviceError
from barestyle.hardware.memory import measure_used_memory
from barestyle.networks import Size
from barestyle.run.estimate import Outline, estimate, estimate_spec, start_time_left
from barestyle.run.memory_plan import MemoryPlan, relative_cost
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from barestyle.run.runner import run
from barestyle.run.speed import Speed
from barestyle.run.stage_costs import StageCost, compute_stage_costs
from barestyle.run.stages import Stage
from barestyle.spec import Spec
from tests.conftest import drawing
from tests.run.conftest import change, mask, small_spec

SPEED = Speed(layer=4e-4, float32=6e-12, bf16=3e-12)
"""Of the processor on which RECORDED was measured, on one thread."""

RECORDED = {
    "bare-fast": (0.74, 1.28, 3.23, 8.73),
    "bare": (None, 2.97, 7.26, 23.9),
    "bare-fine": (None, 12.5, 32.7, None),
}


@pytest.fixture(autouse=True)
def _a_known_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barestyle.run.estimate.get_speed", lambda *_: SPEED)
    monkeypatch.setattr("barestyle.run.estimate.find_speed", lambda *_: SPEED)


def plan_of(spec: Spec, **options: Any) -> Plan:
    return prepare(Request(drawing(96, 72, 1), drawing(80, 96, 2), spec, **options))


def seconds_of(precision: str = "float32", **settings: Any) -> float:
    spec = change(preset("bare").spec, {}, settings)
    return estimate_spec(spec, Size(900, 1200), [Size(800, 700)], precision=precision).seconds


def test_more_work_takes_longer() -> None:
    settings: dict[str, tuple[Any, ...]] = {
        "size": (64, 128, 256, 512, 1024, 4096),
        "optimizer__steps": (10, 20, 50),
        "scales__finest_steps": (4, 12, 30),
        "style_scale": (0.5, 1, 2),
        "network__channels": ((16, 32, 32, 64), (32, 32, 32, 64), (64, 64, 64, 128)),
    }
    for name, values in settings.items():
        times = [seconds_of(**{name: value}) for value in values]
        assert times == sorted(times), name
        assert times[0] < times[-1], name


def test_more_stages_take_longer() -> None:
    outline = Outline.from_plan(plan_of(small_spec(scales="coarse-to-fine", scales__count=3)))
    network, plans = outline.build_network(), [MemoryPlan()] * len(outline.stages)
    whole, shorter = (
        compute_stage_costs(outline.spec, stages, outline.styles, network, SPEED, memory_plans=plans)
        for stages in (outline.stages, outline.stages[1:])
    )
    assert len(whole) > len(shorter) > 0
    assert whole[1:] == shorter


def test_a_whitened_loss_is_expected_to_reach_a_plateau() -> None:
    usual, endless = (
        seconds_of(scales="single", optimizer__steps=200, optimizer__tolerance=tolerance) for tolerance in (0.01, 0)
    )
    assert 3.5 < endless / usual < 4
    patient = seconds_of(scales="single", optimizer__steps=200, optimizer__patience=1000)
    assert patient == pytest.approx(endless)


def test_bfloat16_is_faster_and_checked() -> None:
    assert seconds_of("bf16") < seconds_of("mixed") < seconds_of("float32")


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize(("number", "size"), [(1, 256), (2, 512), (3, 1024)])
def test_recorded_runs_are_within_a_factor_of_one_and_a_half(name: str, number: int, size: int) -> None:
    seconds = RECORDED[name][number]
    if seconds is None:
        return
    spec = with_settings(preset(name).spec, {"size": size})
    found = estimate_spec(spec, Size(768, 1024), [Size(1014, 1280)], precision="mixed").seconds
    assert 1 / 1.5 < found / seconds < 1.5


def test_a_plan_and_the_sizes_of_its_images_give_the_same_estimate() -> None:
    spec = small_spec(scales="coarse-to-fine")
    of_plan, of_sizes = estimate(plan_of(spec)), estimate_spec(spec, Size(72, 96), [Size(96, 80)])
    assert of_plan.seconds == pytest.approx(of_sizes.seconds)
    assert of_plan.memory == pytest.approx(of_sizes.memory, rel=0.05)  # what is in use changes


def test_trained_networks_are_estimated_without_their_weights() -> None:
    sizes = Size(96, 96), [Size(96, 96)]
    trained, random = (estimate_spec(preset(name).spec, *sizes).seconds for name in ("paper-original", "paper"))
    assert trained == pytest.approx(random, rel=0.2)


def test_a_styles_region_takes_time_and_memory() -> None:
    spec = with_settings(preset("bare").spec, {"size": 64})
    styles = [drawing(64, 64, 2), drawing(64, 64, 3)]
    single = Outline.from_plan(prepare(Request(drawing(64, 48, 1), styles, spec)))
    parted = Outline.from_plan(prepare(Request(drawing(64, 48, 1), styles, spec, masks=[mask(), None])))
    kept = Outline.from_plan(prepare(Request(drawing(64, 48, 1), styles, spec, keep=mask())))
    assert [(outline.regions, outline.masks) for outline in (single, parted, kept)] == [(1, 0), (2, 2), (1, 1)]


def test_memory_grows_with_the_size_and_keeps_to_the_limit() -> None:
    def bytes_of(size: int, memory: str) -> int:
        spec = with_settings(preset("bare").spec, {"size": size})
        return estimate_spec(spec, Size(size, size), [Size(size, size)], memory=memory).memory

    found = [bytes_of(size, "64GiB") for size in (256, 512, 1024, 2048)]
    assert found == sorted(found)
    # Relative to what is in use: the other tests of this process may hold a GiB.
    limit = measure_used_memory(torch.device("cpu")) + 3 * 2**29
    assert bytes_of(2048, str(limit)) < limit < found[-1]
    with pytest.raises(DeviceError, match="memory is not enough"):
        bytes_of(8192, "1GiB")


def test_tiles_cost_what_their_halos_and_repetitions_cost() -> None:
    network = Outline.from_plan(plan_of(small_spec())).build_network()
    size = Size(512, 512)
    assert relative_cost(network, size, MemoryPlan()) == 1
    resident = [
        relative_cost(network, size, MemoryPlan(tile_height=128, tile_width=512, resident_tiles=count))
        for count in (1, 2, 4)
    ]
    assert resident[0] > resident[1] > resident[2] > 1


def test_bfloat16_is_checked_once_and_guides_are_shared() -> None:
    spec = preset("bare").spec
    size = Size(256, 256)
    network = Outline.from_plan(plan_of(with_settings(spec, {"size": 64}))).build_network()
    stages = [Stage(size, "bf16", 5, True), Stage(size, "bf16", 5, True), Stage(size, "float32", 5)]
    first, second, last = compute_stage_costs(spec, stages, [size], network, SPEED, memory_plans=[MemoryPlan()] * 3)
    assert first.step == second.step < last.step
    assert first.setup > last.setup > second.setup
    assert last == StageCost(5, 5, last.setup, last.step, 10, 0.01)


def test_a_run_reports_shares_that_grow_to_one() -> None:
    plan = plan_of(small_spec(scales="coarse-to-fine", optimizer__tolerance=0, optimizer__steps=6))
    events: list[tuple[float, float | None]] = []
    run(plan, on_progress=lambda progress: events.append((progress.done, progress.seconds_left)))
    shares = [share for share, _ in events]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert events[-1] == (1.0, 0.0)
    assert events[0][1] is None


def test_the_time_left_begins_with_the_cost_of_the_plan() -> None:
    plan = plan_of(small_spec())
    time_left = start_time_left(plan)
    assert sum(cost.seconds for cost in time_left._costs) == pytest.approx(estimate(plan).seconds)
