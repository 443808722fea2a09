"""The benchmarks measure what they say: both sides compute the same function, and workers answer. Nothing is timed."""

from __future__ import annotations

import pytest
import torch
from benchmarks.contest import Ratio, Timing, contest, ratio
from benchmarks.machine import convolution_flop, product_flop
from benchmarks.pictures import pair
from benchmarks.whole_run import ours, same_network, tutorial
from benchmarks.yardstick import Yardstick

from barestyle.objective import build_objective
from barestyle.presets import preset

CPU = torch.device("cpu")


def test_both_sides_compute_the_same_loss_and_gradient() -> None:
    content, style = pair(64, CPU)
    yardstick = Yardstick(content, style, seed=0)
    found = build_objective(preset("paper").spec, same_network(content, style), content, style).evaluate(content)
    assert yardstick.evaluate() == pytest.approx(float(found.loss), rel=1e-4)
    assert yardstick.image.grad is not None
    error = (yardstick.image.grad - found.gradient).norm() / found.gradient.norm()
    assert float(error) < 1e-2  # in flat parts rounding decides which pixel of a pooling window is the largest


def test_the_operations_of_the_issue() -> None:
    """118 GFLOP at 512 in the convolutions, forwards and back to the image."""
    assert convolution_flop(512) == pytest.approx(118e9, rel=0.01)
    assert product_flop(512) == pytest.approx(21.5e9, rel=0.01)


def test_whole_runs_end_at_the_goal() -> None:
    goal = tutorial(48, CPU, evaluations=6)
    found = ours(48, CPU, goal=goal["loss"] * 2, settings={})
    assert found["loss"] <= goal["loss"] * 2
    assert found["evaluations"] < 60
    scales = {"scales": "coarse-to-fine", "scales.count": 2, "scales.finest_steps": 60, "optimizer.steps": 5}
    assert ours(48, CPU, goal=goal["loss"] * 2, settings=scales)["loss"] <= goal["loss"] * 2


def test_workers_take_turns_and_say_their_peak() -> None:
    what = {"size": 48, "device": "cpu"}
    found = contest({"tutorial": {"what": "yardstick", **what}, "ours": {"what": "ours", **what}}, repetitions=2)
    assert list(found) == ["tutorial", "ours"]
    for timing in found.values():
        assert len(timing.seconds) == 2
        assert all(second > 0 for second in timing.seconds)
        assert timing.peak > 50 * 2**20


def test_a_worker_that_fails_is_told() -> None:
    with pytest.raises(RuntimeError, match="a benchmark's process ended with"):
        contest({"ours": {"what": "ours", "size": 48, "device": "cpu", "preset": "no-such"}}, repetitions=1)


def test_ratios_are_of_neighbors() -> None:
    assert ratio(Timing((2.0, 6.0, 3.0), 0), Timing((1.0, 2.0, 3.0), 0)) == Ratio(2.0, 1.0, 3.0)
