"""The complete study of the paper at 64 pixels: every cell of every figure is run, and the report is written.

Takes minutes, so it is run by `make slow` and CI, and not by `make test`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.study.claims import load_claims
from barestyle.study.yaml_loader import load
from tests.browser import open_file
from tests.cli.conftest import Program, program

__all__ = ["program"]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_every_cell_of_every_figure_runs(program: Program, synthetic_weights: Path, tmp_path: Path) -> None:
    options = ("--size", "48", "--steps", "1", "--pair", "photo:chelsea,style:mosaic", "--seeds", "0")
    into = ("--into", tmp_path / "paper")
    outcome = program("study", "run", "paper", *options, *into, "--workers", "2", "--trained", synthetic_weights)
    assert outcome.code == 0, outcome.err
    status = program("study", "status", "paper", *into).out
    assert ", 0 waiting, 0 failed" in status
    digests = {
        study.build_spec(variant, optimizer).digest
        for study in [load("paper").model_copy(update={"size": 48})]
        for variant in study.variants
        for optimizer in study.optimizers
    }
    assert int(status.split()[0]) == len(digests), "variants of one spec share their cells"
    written = program("study", "report", "paper", *into)
    assert written.code == 0, written.err
    text = (tmp_path / "paper" / "report" / "index.html").read_text(encoding="utf-8")
    assert "not finished" not in text
    for figure in load("paper").figures:
        assert f'id="figure-{figure.figure}"' in text
        assert (tmp_path / "paper" / "report" / f"figure-{figure.figure}-chelsea-mosaic.png").is_file()
    with open_file(tmp_path / "paper" / "report" / "index.html") as page:
        sources = page.eval_on_selector_all("figure img", "images => images.map(image => image.getAttribute('src'))")
        assert len(sources) == sum(2 + 2 * len(figure.panels) for figure in load("paper").figures)
        assert all((tmp_path / "paper" / "report" / source).is_file() for source in sources)
        shown = {row.get_attribute("id") for row in page.locator("tr[id^=claim-]").all()}
        assert {f"claim-{claim.id}-1" for claim in load_claims()} <= shown, "every claim has a verdict"
    again = program("study", "run", "paper", *options, *into, "--trained", synthetic_weights)
    assert "0 cells to run" in again.err
