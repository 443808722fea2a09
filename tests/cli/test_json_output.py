"""`--json` and `--progress`: output for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from barestyle.cli.json_output import print_json
from barestyle.run import record as records
from tests.cli.conftest import QUICK, Program


def test_a_run_as_json(program: Program, pictures: Path, tmp_path: Path) -> None:
    """The line has what the record has, and the progress ends with the same numbers."""
    out = tmp_path / "out.png"
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", "-o", out, *QUICK)
    outcome = program(*arguments, "--json", "--progress", "json")
    assert outcome.code == 0
    (line,) = outcome.out.splitlines()
    found, record = json.loads(line), records.find(out)
    assert (found["output"], found["record"]) == (str(out), f"{out}.json")
    for name in ("width", "height", "evaluations", "seconds", "restarts", "interrupted", "stop_reason", "reason"):
        assert found[name] == getattr(record, name), name
    assert found["loss"] == record.losses[-1]
    assert (found["checkpoint"], found["error"]) == (None, None)
    lines = [json.loads(line) for line in outcome.err.splitlines()]
    assert [line["loss"] for line in lines] == list(record.losses)
    first, last = lines[0], lines[-1]
    assert (first["step"], first["done"], first["seconds_left"]) == (0, 0, None)
    assert (last["step"], last["done"]) == (last["steps"], 1)
    assert last["evaluations"] == found["evaluations"]


def test_progress_modes(program: Program, pictures: Path, tmp_path: Path) -> None:
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", "-o", tmp_path / "a.png", "-f", *QUICK)
    assert program(*arguments, "--progress", "none").err == ""
    assert program(*arguments, "--progress", "plain").err.splitlines()[1].startswith("step 0/")
    assert "evaluations, loss" in program(*arguments, "--progress", "bar").err
    refused = program(*arguments, "--progress", "json", "-q")
    assert refused.code == 2
    assert "--quiet shows no progress, but --progress is json" in refused.err
    assert program(*arguments, "--progress", "loud").code == 2


def test_a_batch_as_json(program: Program, pictures: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    arguments = ("batch", pictures / "content.png", bad, "--styles", pictures / "style.jpg", "--into", tmp_path / "out")
    outcome = program(*arguments, *QUICK, "--json", "--progress", "json")
    assert outcome.code == 1
    (line,) = outcome.out.splitlines()
    found = json.loads(line)
    counts = ("painted", "skipped", "failed", "remaining", "interrupted")
    assert [found[name] for name in counts] == [1, 0, 1, 0, False]
    painted, failed = found["results"]
    assert (painted["state"], painted["output"]) == ("painted", str(tmp_path / "out" / "content-style.png"))
    assert painted["evaluations"] == records.find(Path(painted["output"])).evaluations
    assert (failed["state"], failed["content"], failed["output"]) == ("failed", str(bad), None)
    assert "is not an image" in failed["error"]
    assert json.loads(outcome.err.splitlines()[0]) == {
        "pair": 1,
        "pairs": 2,
        "content": str(pictures / "content.png"),
        "style": str(pictures / "style.jpg"),
    }
    again = json.loads(program(*arguments, *QUICK, "--json", "-q").out)
    assert [result["state"] for result in again["results"]] == ["skipped", "failed"]


def test_numbers_that_json_does_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"loss": float("nan"), "parts": [float("inf"), 1.5], "inner": {"p": float("-inf")}})
    assert json.loads(capsys.readouterr().out) == {"loss": None, "parts": [None, 1.5], "inner": {"p": None}}
