"""Estimates: every waiting cell is counted once, and the planned evaluations are close to those of a run."""

from __future__ import annotations

from barestyle.presets import preset
from barestyle.run.api import transfer
from barestyle.spec import with_settings
from barestyle.study.estimate import estimate, plan_evaluations
from barestyle.study.resolve import ResolvedStudy


def test_every_waiting_cell_is_counted_once(small: ResolvedStudy) -> None:
    total = estimate(small, small.cells)
    assert [line.variants for line in total.lines] == [("four",), ("eight",), ("gauss",)]
    assert [line.cells for line in total.lines] == [2, 2, 2]
    assert total.cells == len(small.cells)
    assert total.evaluations == sum(plan_evaluations(cell.spec) for cell in small.cells)
    assert all(line.seconds > 0 for line in total.lines)
    empty = estimate(small, [])
    assert (empty.lines, empty.cells, empty.seconds) == ((), 0, 0)


def test_planned_evaluations_are_those_of_a_run(small: ResolvedStudy) -> None:
    """The paper's optimizer makes a fixed number unless it stops early; the robust one a few more than its steps."""
    content, style = (small.images[name].path for name in (small.cells[0].content, small.cells[0].style))
    settings = {"size": 32, "network.channels": 4}
    paper = with_settings(preset("npnd").spec, {**settings, "optimizer": "paper-lbfgs", "optimizer.steps": 1})
    robust = with_settings(preset("npnd").spec, {**settings, "optimizer.steps": 20})
    assert transfer(content, style, paper).evaluations == plan_evaluations(paper)
    evaluations = transfer(content, style, robust).evaluations
    assert abs(evaluations - plan_evaluations(robust)) <= 0.25 * evaluations
