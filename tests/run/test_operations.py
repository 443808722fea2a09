"""Operations of an evaluation, and the speed that they are multiplied by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from barestyle.networks import Size, build_network
from barestyle.presets import PRESETS, preset
from barestyle.run import speed as speeds
from barestyle.run.operations import PER_ENTRY, PER_VALUE, Operations, count_guide_operations, count_operations
from barestyle.run.speed import DEFAULT_SPEED, Speed, find_speed, get_speed, measure_speed, solve_speed
from barestyle.spec import VGG
from barestyle.spec.pooling import AveragePooling

CPU = torch.device("cpu")


def test_operations_of_a_small_network_are_those_counted_by_hand() -> None:
    network = build_network(VGG(channels=(4, 8), pooling=AveragePooling(after=(1,))), seed=0, deepest_layer=2)
    found = count_operations(network, Size(10, 6), {2}, guide_channels=1)
    first = (2 * 2 * 4 * 3 * 9 + PER_VALUE * 4) * 60
    second = (2 * 2 * 8 * 4 * 9 + PER_VALUE * 8 + 2 * 2 * 9 * 9) * 15
    assert found == Operations(2, first + second, PER_ENTRY * 9 * 9)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "paper-original"])
def test_more_pixels_are_more_operations(name: str) -> None:
    spec = preset(name).spec
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)
    counts = [count_operations(network, Size(side, side), spec.style_loss.layers) for side in (64, 65, 128, 256)]
    pixels = [count.pixels for count in counts]
    assert pixels == sorted(pixels)
    assert 3 < pixels[3] / pixels[2] < 4.2
    assert len({(count.layers, count.matrices) for count in counts}) == 1


def test_the_color_maps_of_a_guide_have_a_largest_size() -> None:
    sides = (64, 256, 512, 1024)
    counts = [count_guide_operations(Size(side, side), 384) for side in sides]
    assert counts == sorted(counts)
    assert counts[1] / counts[0] == pytest.approx(16)
    assert counts[3] / counts[2] < 3


def test_the_speed_of_two_evaluations_is_found_again() -> None:
    small, large = Operations(4, 1e6, 1e5), Operations(4, 1e8, 1e5)
    truth = Speed(layer=2e-3, float32=4e-11, bf16=1e-11)
    times = truth.time_evaluation(small, "float32"), truth.time_evaluation(large, "float32")
    found = solve_speed((small, times[0]), (large, times[1]), truth.time_evaluation(large, "bf16"))
    assert found.model_dump() == pytest.approx(truth.model_dump())
    assert solve_speed((small, times[0]), (large, times[1]), None).bf16 == pytest.approx(truth.float32)


@pytest.mark.parametrize("times", [(1.0, 1.0), (1.0, 0.5), (1e-9, 1.0)])
def test_a_speed_is_positive_whatever_was_measured(times: tuple[float, float]) -> None:
    small, large = Operations(4, 1e6, 1e5), Operations(4, 1e8, 1e5)
    speed = solve_speed((small, times[0]), (large, times[1]), 1e-9)
    assert min(speed.layer, speed.float32, speed.bf16) > 0


def test_measuring_uses_the_clock() -> None:
    ticks = iter(range(1000))
    speed = measure_speed(CPU, "float32", lambda: float(next(ticks)))
    # Both sizes take one tick, so that everything is spent on the layers.
    assert speed.layer == pytest.approx(1 / 4, rel=0.01)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(speeds, "_speeds", {})
    monkeypatch.setattr(speeds, "measure_speed", lambda *_: DEFAULT_SPEED)
    return tmp_path / "barestyle" / speeds.CACHE_NAME


def test_a_measured_speed_is_cached_for_other_processes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_speed(CPU, "float32") is None
    assert get_speed(CPU, "float32") == DEFAULT_SPEED
    assert [file.name for file in cache.parent.iterdir()] == [cache.name]
    speeds._speeds.clear()
    monkeypatch.setattr(speeds, "measure_speed", lambda *_: pytest.fail("measured again"))
    assert get_speed(CPU, "float32") == DEFAULT_SPEED
    assert find_speed(CPU, "mixed") is None, "bfloat16 was not measured"


def test_an_old_or_invalid_cache_is_not_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    get_speed(CPU, "float32")
    data = json.loads(cache.read_text())
    (entry,) = data.values()
    for changes in ({"measured": 1.0}, {"measured": 1e12}, {"speed": {"layer": -1.0}}, {"speed": None}):
        cache.write_text(json.dumps({name: {**entry, **changes} for name in data}))
        speeds._speeds.clear()
        assert find_speed(CPU, "float32") is None
    for text in ("", "[]", "{}", '{"a": 1}', "\x00"):
        cache.write_text(text)
        assert find_speed(CPU, "float32") is None
    assert get_speed(CPU, "float32") == DEFAULT_SPEED
    assert len(json.loads(cache.read_text())) == 1


def test_a_cache_that_cannot_be_written_costs_nothing_else(cache: Path) -> None:
    cache.parent.write_text("a file where the folder would be")
    assert get_speed(CPU, "float32") == DEFAULT_SPEED
