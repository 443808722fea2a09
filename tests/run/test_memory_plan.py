"""Fitting a run into memory: what is chosen, and that a child process keeps to it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from barestyle.errors import DeviceError, SpecError
from barestyle.hardware.devices import has_fast_bf16
from barestyle.networks import Network, Size, build_network
from barestyle.presets import preset
from barestyle.run.memory_plan import MemoryPlan, plan_memory
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.run.runner import run
from barestyle.spec import LBFGS, Adam, PaperLBFGS, with_settings
from tests.conftest import drawing

MIB = 2**20
SQUARE = Size(1024, 1024)
MIXED_CASE = (640, 48, 620) if has_fast_bf16(torch.device("cpu")) else (512, 32, 430)
"""Size, channels and limit in MiB: a smaller picture where bfloat16 is emulated, ten times slower than float32."""


@pytest.fixture(scope="module")
def network() -> Network:
    spec = preset("paper").spec
    return build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)


def choose(network: Network, budget: int, optimizer: LBFGS | PaperLBFGS | Adam, picture: Size = SQUARE) -> MemoryPlan:
    return plan_memory(network, optimizer, picture, in_use=300 * MIB, budget=budget * MIB)


def test_a_picture_that_fits_is_one_tile(network: Network) -> None:
    assert choose(network, 4000, LBFGS()) == MemoryPlan(history=20)
    assert choose(network, 4000, Adam()) == MemoryPlan()
    assert choose(network, 8000, PaperLBFGS()) == MemoryPlan(history=100)


def test_less_memory_means_smaller_tiles_and_fewer_pairs(network: Network) -> None:
    memory_plans = [choose(network, budget, LBFGS()) for budget in (2000, 1200, 900, 700)]
    areas = [
        one.resident_tiles * (one.tile.height * one.tile.width if one.tile else 1024 * 1024) for one in memory_plans
    ]
    assert areas == sorted(areas, reverse=True)
    assert areas[-1] < areas[0] / 4
    pairs = [one.history or 0 for one in memory_plans]
    assert pairs[-1] < pairs[0]


def test_the_papers_history_is_never_shortened(network: Network) -> None:
    assert choose(network, 3200, PaperLBFGS()).history == 100
    with pytest.raises(
        DeviceError, match=r"1\.0 GiB of memory is not enough for 1024 x 1024 pixels .* a shorter optimizer"
    ):
        choose(network, 1024, PaperLBFGS())


def test_the_error_names_the_least_memory_that_is_enough(network: Network) -> None:
    with pytest.raises(DeviceError) as refusal:
        choose(network, 400, LBFGS())
    needed = int(str(refusal.value).split("which need at least ")[1].split(" MiB")[0])
    assert choose(network, needed + 1, LBFGS()).history == 1


def test_a_pyramid_keeps_no_features() -> None:
    spec = preset("gaussian-pyramid").spec
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)
    assert choose(network, 1500, LBFGS()).tile is None


def test_a_plan_is_restored_from_json() -> None:
    plan = MemoryPlan(tile_height=107, tile_width=320, resident_tiles=2, history=8)
    assert MemoryPlan.model_validate_json(plan.model_dump_json()) == plan
    assert plan.tile == (107, 320)
    assert MemoryPlan().tile is None
    with pytest.raises(SpecError, match="tile_height and tile_width must both be numbers, or both be null"):
        MemoryPlan(tile_height=107)


def test_a_plan_follows_the_tiling_and_halves_it_for_float32() -> None:
    plan = MemoryPlan(tile_height=107, tile_width=320, history=8)
    assert plan.with_tiling(plan.to_tiling()) == plan
    assert plan.to_half_tiling(Size(320, 320)).tile_size == (54, 320)
    assert MemoryPlan().to_half_tiling(Size(321, 64)).tile_size == (161, 64)


def test_a_picture_in_tiles_is_the_whole_ones_to_rounding() -> None:
    spec = with_settings(preset("npnd").spec, {"network.channels": 48, "optimizer.steps": 2})
    plan = prepare(Request(drawing(320, 320, seed=1), drawing(320, 320, seed=2), spec, precision="float32"))
    whole = run(replace(plan, memory_plans=(MemoryPlan(history=20),)))
    tiled = run(replace(plan, memory_plans=(MemoryPlan(tile_height=107, tile_width=320, history=8),)))
    assert tiled.losses == pytest.approx(whole.losses, rel=1e-5)
    levels = (255 * (tiled.image - whole.image)).abs()
    # Where a ReLU has its kink, the second step makes levels of what was rounding in the first, at some values in a
    # hundred thousand. The gradients themselves are compared in tests/objective.
    assert float((levels > 2).float().mean()) < 1e-4
    assert float(levels.mean()) < 0.01


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of a child is read as Linux counts it")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("precision", "size", "channels", "limit"),
    [
        ("float32", 448, 32, 400),
        pytest.param("float32", 640, 48, 620, marks=pytest.mark.slow),
        pytest.param("mixed", *MIXED_CASE, marks=pytest.mark.slow),
    ],
)
def test_a_run_keeps_to_its_memory(precision: str, size: int, channels: int, limit: int, tmp_path: Path) -> None:
    """Measured in a child process, on an image that takes 60 MiB more than the limit if it may."""
    for name, seed in (("content.png", 1), ("style.png", 2)):
        drawing(size, size, seed).save(tmp_path / name)
    program = [sys.executable, "-c", PROGRAM, str(tmp_path), precision, str(size), str(channels)]
    peaks, tiles = {}, {}
    for memory in ("auto", f"{limit}MiB"):
        output = subprocess.run([*program, memory], capture_output=True, text=True, check=True).stdout
        peaks[memory], tiles[memory] = json.loads(output)
    assert tiles["auto"] is None
    assert tiles[f"{limit}MiB"] is not None
    assert peaks[f"{limit}MiB"] < limit * MIB
    assert peaks["auto"] > peaks[f"{limit}MiB"] + 60 * MIB


PROGRAM = """
import json, sys
import torch
torch.set_num_threads(1)
from barestyle import transfer, with_settings, preset
folder, precision, size, channels, memory = sys.argv[1:]
settings = {"network.channels": int(channels), "optimizer.steps": 2, "size": int(size)}
spec = with_settings(preset("npnd").spec, settings)
result = transfer(f"{folder}/content.png", f"{folder}/style.png", spec, memory=memory, precision=precision)
status = open("/proc/self/status").read()  # getrusage would begin with this test's own memory
peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps([peak, result.record.memory_plans[-1].tile_height]))
"""
