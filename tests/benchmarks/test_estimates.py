"""The benchmark of estimates, with a clock that counts its own readings; nothing is timed."""

from __future__ import annotations

import math

import pytest
from benchmarks.estimates import FIFTHS, Trace, measure_estimates, trace_run

from barestyle import preset, with_settings
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.run.speed import DEFAULT_SPEED
from tests.conftest import drawing

SPEC = with_settings(
    preset("npnd").spec,
    {"size": 64, "network.channels": 4, "optimizer.steps": 20, "optimizer.tolerance": 0},
)


def test_ratios_of_a_trace() -> None:
    trace = Trace(20.0, 10.0, [(1.0, 5.0), (3.0, 8.0), (7.9, 10.0)])
    assert [trace.ratio_after(share) for share in FIFTHS] == [0.5, 0.8, 0.8, 1.0]
    assert math.isnan(trace.ratio_after(0.05))


def test_a_run_whose_steps_take_the_same_time_is_forecast() -> None:
    ticks = iter(range(1000))
    plan = prepare(Request(drawing(64, 48, 1), drawing(64, 48, 2), SPEC))
    trace = trace_run(plan, DEFAULT_SPEED, lambda: float(next(ticks)))
    assert trace.seconds == 22  # the start, 20 steps and the end
    # The speed that counts a little at the beginning is wrong; nothing but the steps takes time.
    assert trace.ratio_after(0.8) == pytest.approx(1, rel=0.1)


def test_every_preset_size_and_pair_has_a_row() -> None:
    ticks = iter(range(1000))
    table = measure_estimates({"a": SPEC, "b": SPEC}, [48, 64], 1, "cpu", lambda: float(next(ticks)))
    assert [(row["run"], row["pixels"]) for row in table.rows] == [
        ("a, astronaut, swirls", 48),
        ("b, astronaut, swirls", 48),
        ("a, astronaut, swirls", 64),
        ("b, astronaut, swirls", 64),
    ]
