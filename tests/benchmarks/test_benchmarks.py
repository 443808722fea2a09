"""The benchmarks compare the same function on both sides, and worker processes answer; nothing is timed."""

from __future__ import annotations

import pytest
import torch
from benchmarks.baseline import Baseline
from benchmarks.images import load_pair
from benchmarks.machine import count_convolution_flop, count_product_flop
from benchmarks.pictures import measure_pictures
from benchmarks.timing import Ratio, Timing, compute_ratio, time_in_turn
from benchmarks.whole_run import copy_network, run_baseline, run_ours

from barestyle.objective import build_objective
from barestyle.presets import preset

CPU = torch.device("cpu")


def test_both_sides_compute_the_same_loss_and_gradient() -> None:
    content, style = load_pair(64, CPU)
    baseline = Baseline(content, style, seed=0)
    evaluation = build_objective(preset("paper").spec, copy_network(content, style), content, style).evaluate(content)
    assert baseline.evaluate() == pytest.approx(float(evaluation.loss), rel=1e-4)
    assert baseline.image.grad is not None
    error = (baseline.image.grad - evaluation.gradient).norm() / evaluation.gradient.norm()
    assert float(error) < 1e-2  # in flat parts, rounding decides which pixel of a pooling window is the largest


def test_the_number_of_operations() -> None:
    """118 GFLOP at 512 x 512 in the convolutions, forward and backward to the image."""
    assert count_convolution_flop(512) == pytest.approx(118e9, rel=0.01)
    assert count_product_flop(512) == pytest.approx(21.5e9, rel=0.01)


def test_whole_runs_end_at_the_target_loss() -> None:
    target = run_baseline(48, CPU, evaluations=6)
    result = run_ours(48, CPU, target=target["loss"] * 2, settings={})
    assert result["loss"] <= target["loss"] * 2
    assert result["evaluations"] < 60
    scales = {"scales": "coarse-to-fine", "scales.count": 2, "scales.finest_steps": 60, "optimizer.steps": 5}
    assert run_ours(48, CPU, target=target["loss"] * 2, settings=scales)["loss"] <= target["loss"] * 2


@pytest.mark.slow
def test_workers_report_seconds_and_peak_memory() -> None:
    common = {"size": 48, "device": "cpu"}
    timings = time_in_turn(
        {"tutorial": {"what": "baseline", **common}, "ours": {"what": "ours", **common}}, repetitions=2
    )
    assert list(timings) == ["tutorial", "ours"]
    for timing in timings.values():
        assert len(timing.seconds) == 2
        assert all(second > 0 for second in timing.seconds)
        assert timing.peak > 50 * 2**20


@pytest.mark.slow
def test_whole_pictures_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.pictures.REPETITIONS", 1)
    table = measure_pictures(CPU, size=48, presets=("bare-fast",))
    assert {row["preset"] for row in table.rows} == {"bare-fast"}
    for row in table.rows:
        assert float(row["seconds"]) > 0
        assert float(row["evaluations of the tutorial"]) > 0


def test_a_worker_that_fails_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="a benchmark process ended with exit code"):
        time_in_turn({"ours": {"what": "ours", "size": 48, "device": "cpu", "preset": "no-such"}}, repetitions=1)


def test_ratios_are_paired() -> None:
    assert compute_ratio(Timing((2.0, 6.0, 3.0), 0), Timing((1.0, 2.0, 3.0), 0)) == Ratio(2.0, 1.0, 3.0)
