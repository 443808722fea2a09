"""What a plan says: every waiting cell is counted once, and its evaluations are those that its run may make."""

from __future__ import annotations

from barestyle.presets import preset
from barestyle.run.runner import transfer
from barestyle.spec import with_settings
from barestyle.study.estimate import estimate, planned_evaluations
from barestyle.study.resolve import Prepared


def test_every_waiting_cell_is_counted_once(small: Prepared) -> None:
    found = estimate(small, small.cells)
    assert [line.variants for line in found.lines] == [("four",), ("eight",), ("gauss",)]
    assert [line.cells for line in found.lines] == [2, 2, 2]
    assert found.cells == len(small.cells)
    assert found.evaluations == sum(planned_evaluations(cell.spec) for cell in small.cells)
    assert all(line.seconds > 0 for line in found.lines)
    nothing = estimate(small, [])
    assert (nothing.lines, nothing.cells, nothing.seconds) == ((), 0, 0)


def test_planned_evaluations_are_what_a_run_makes(small: Prepared) -> None:
    """The paper's method makes a fixed number, while it does not stop early; the robust one a few more than steps."""
    content, style = (small.pictures[name].path for name in (small.cells[0].pair.content, small.cells[0].pair.style))
    settings = {"size": 32, "network.channels": 4}
    papers = with_settings(preset("npnd").spec, {**settings, "optimizer": "paper-lbfgs", "optimizer.steps": 1})
    robust = with_settings(preset("npnd").spec, {**settings, "optimizer.steps": 20})
    assert transfer(content, style, papers).evaluations == planned_evaluations(papers)
    made = transfer(content, style, robust).evaluations
    assert abs(made - planned_evaluations(robust)) <= 0.25 * made
