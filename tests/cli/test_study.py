"""`barestyle study` through the command line."""

from __future__ import annotations

import json
import logging
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from barestyle.cli.study.search import format_candidate
from barestyle.study.search import Candidate
from barestyle.study.store import open_store
from barestyle.study.yaml_loader import SHIPPED
from tests.cli.conftest import Program
from tests.study.conftest import study_file

__all__ = ["study_file"]

COUNTS = {"cells": 6, "done": 6, "waiting": 0, "failed": 0, "failures": []}


def test_all_commands_from_list_to_report(
    program: Program, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    listed = program("study", "list").out
    assert all(name in listed for name in SHIPPED)
    assert "network.channels=8" in program("study", "show", study_file).out
    planned = program("study", "plan", study_file).out
    assert "1 pair x 3 variants x 1 optimizer x 2 seeds = 6 different cells, 0 done" in planned
    assert "6 cells to run, about 18 evaluations: at most " in planned
    as_json = json.loads(program("study", "plan", study_file, "--json").out)
    assert [as_json[name] for name in ("study", "cells", "done", "evaluations")] == ["small", 6, 0, 18]
    assert as_json["seconds"] == pytest.approx(sum(network["seconds"] for network in as_json["networks"]))
    ran = program("study", "run", study_file, "--workers", "2")
    assert ran.code == 0, ran.err
    assert "6 of 6 cells done, 0 failed; results in studies/small" in ran.out
    assert "6 cells to run, 0 already in the store" in ran.err
    assert "6/6 cells" in ran.err
    assert program("study", "status", study_file).out == "6 done, 0 waiting, 0 failed\n"
    assert json.loads(program("study", "status", study_file, "--json").out) == COUNTS
    assert "6 different cells, 6 done" in program("study", "plan", study_file).out
    again = program("study", "run", study_file, "--json")
    assert "0 cells to run, 6 already in the store" in again.err
    (line,) = again.out.splitlines()
    counted = json.loads(line)
    assert {name: counted[name] for name in COUNTS} == COUNTS
    assert (counted["study"], counted["store"], counted["interrupted"]) == ("small", "studies/small", False)
    assert sum(counted["claims"].values()) == len(counted["verdicts"])
    reported = json.loads(program("study", "report", study_file, "--json").out)
    assert Path(reported["page"]).samefile("studies/small/report/index.html")
    assert reported["verdicts"] == counted["verdicts"]
    assert all(Path(file).is_file() for file in (*reported["tables"], *reported["sheets"]))
    assert "studies/small/report/index.html" in program("study", "report", study_file).out
    assert Path("studies/small/report/index.html").is_file()


def test_running_until_decided_stops_when_time_is_up(program: Program, study_file: Path, tmp_path: Path) -> None:
    pairs = [
        ("--pair", f"photo:{photo},style:{style}") for photo in ("coffee", "rocket") for style in ("mosaic", "swirls")
    ]
    options = ("--into", tmp_path / "store", *(part for pair in pairs for part in pair))
    logging.getLogger("distributed").setLevel(logging.INFO)  # as Dask sets it
    outcome = program("study", "run", study_file, *options, "--until-decided", "--hours", "0")
    assert outcome.code == 0, outcome.err
    assert not logging.getLogger("distributed.batched").isEnabledFor(logging.INFO), "it would log closed connections"
    assert "0 of 24 cells done, 0 failed" in outcome.out
    outcome = program("study", "run", study_file, *options, "--until-decided")
    assert outcome.code == 0, outcome.err
    assert "18 of 24 cells done, 0 failed" in outcome.out
    assert "claims: 1 undecided" in outcome.err, "the small study has only the claim about explosions"
    assert "more cells of this study are not expected to decide a claim" in outcome.err


@pytest.mark.slow
def test_a_failed_cell_is_reported_in_the_exit_code(program: Program, study_file: Path, tmp_path: Path) -> None:
    """With weights so large that the loss of the starting image is infinite."""
    study_file.write_text(study_file.read_text().replace("weights: gaussian", "weights.magnitude: 1.0e+25"))
    outcome = program("study", "run", study_file, "--into", tmp_path / "store")
    assert (outcome.code, "4 of 6 cells done, 2 failed" in outcome.out) == (1, True), outcome.err
    status = program("study", "status", study_file, "--into", tmp_path / "store").out
    assert "2 failed: the loss of the starting image is infinite or NaN" in status


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_ctrl_c_stops_the_workers_and_loses_no_finished_cell(study_file: Path, tmp_path: Path) -> None:
    """SIGINT reaches the whole process group, as from a terminal."""
    text = study_file.read_text().replace("[0, 1]", "[0, 1, 2, 3, 4, 5]")
    study_file.write_text(text.replace("optimizer.steps: 2", "optimizer.steps: 100").replace("size: 32", "size: 64"))
    folder = tmp_path / "store"
    command = [
        sys.executable,
        "-m",
        "barestyle",
        "study",
        "run",
        str(study_file),
        "--workers",
        "2",
        "--into",
        str(folder),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 150
    while len(list((folder / "results").glob("*.json"))) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the workers never started"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=150)
    assert process.returncode == 130, errors
    assert errors.count("stopping; cells that are running will be run again next time") == 1
    assert "Traceback" not in errors
    assert 2 <= sum(result.state == "done" for result in open_store("small", folder).read_results()) < 18


@pytest.mark.slow
def test_search_prints_settings_that_transfer_accepts(program: Program, pictures: Path, tmp_path: Path) -> None:
    pair = f"{pictures / 'content.png'},{pictures / 'style.jpg'}"
    quick = ("--size", "32", "--steps", "1", "--trials", "2", "--pair", pair, "--into", tmp_path / "search")
    outcome = program("study", "search", "--metric", "patches", *quick)
    assert outcome.code == 0, outcome.err
    again = json.loads(program("study", "search", "--metric", "patches", *quick, "--json", "-q").out)
    assert not again["interrupted"]
    (best,) = (Candidate(**each) for each in again["best"])
    assert best.scores["patches"] <= float(outcome.out.split()[1]), "the best of twice as many"
    assert format_candidate(best).startswith(f"patches {best.scores['patches']:.4g}  --set network.")
    words = shlex.split(outcome.out)
    settings = [word for i, word in enumerate(words) if words[i - 1] == "--set"]
    out = tmp_path / "out.png"
    arguments = (
        "transfer",
        pictures / "content.png",
        pictures / "style.jpg",
        "-o",
        out,
        "--size",
        "32",
        "--steps",
        "1",
    )
    settings = [part for setting in settings for part in ("--set", setting)]
    assert program(*arguments, "--steps", "1", *settings).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "fig9"), "there is no study 'fig9'; use one of paper"),
        (("run", "nowhere.yaml"), "there is no study file 'nowhere.yaml'"),
        (("run", "paper"), "needs trained VGG-19 weights; name a file with --trained FILE, or leave such"),
        (("run", "fig8", "--trained", "nowhere.pth"), "there is no weights file 'nowhere.pth'"),
        (
            ("run", "fig8", "--seeds", "a,b"),
            "--seeds must be whole numbers separated by commas, such as 0,1,2, not 'a,b'",
        ),
        (
            ("run", "fig8", "--pair", "one.png"),
            "--pair must be two images, such as photo:chelsea,style:mosaic, not 'one.png'",
        ),
        (("run", "fig8", "--pair", "one.png,two.png"), "one.png' of the study cannot be read"),
        (("run", "fig8", "--pair", "photo:dog,style:mosaic"), "there is no photograph 'dog'"),
        (
            ("run", "fig8", "--optimizer", "sgd"),
            "study 'fig8' has no optimizer 'sgd'; its optimizers are paper, robust",
        ),
        (("run", "fig8", "--steps", "0"), "optimizer.steps cannot be 0; it must be a whole number of at least 1"),
        (("run", "fig8", "--size", "3"), "size cannot be 3; it must be a whole number from 16 to 65536"),
        (("run", "fig8", "--scheduler", "tcp://127.0.0.1"), "there is no Dask scheduler of this version at"),
        (("run", "fig8", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"), "--workers is for this machine and"),
        (("run", "fig8", "--until-decided", "--retry-failed"), "--retry-failed cannot be used with --until-decided"),
        (("run", "fig8", "--hours", "1"), "--hours limits --until-decided; add it, or leave --hours out"),
        (("run", "fig8", "--until-decided", "--pair", "photo:coffee,style:mosaic"), "claims need at least 3 pairs"),
        (
            ("run", "fig8", "--into", "nosuch://bucket"),
            "'nosuch://bucket' cannot be opened (Protocol not known: nosuch)",
        ),
        (
            ("run", "fig8", "--into", "s3://bucket/x"),
            "cannot be opened (Install s3fs to access S3); install that package",
        ),
        (("status", "fig8"), "there is no study in 'studies/fig8'; start one with `barestyle study run fig8`"),
        (("report", "fig8"), "there is no study in 'studies/fig8'"),
    ],
)
def test_invalid_arguments_are_refused_in_one_line(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = program("study", *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert not list(tmp_path.rglob("*.png"))


def test_an_unknown_metric_is_refused_before_a_folder_is_created(
    program: Program, study_file: Path, tmp_path: Path
) -> None:
    study_file.write_text(study_file.read_text().replace("[ssim, patches]", "[ssim, beauty]"))
    outcome = program("study", "run", study_file, "--into", tmp_path / "into")
    assert outcome.code == 2
    assert "there is no metric 'beauty'; the metrics are ssim" in outcome.err
    assert not (tmp_path / "into").exists()


def test_a_declaration_that_is_none_is_refused(program: Program, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text("this is not a study")
    outcome = program("study", "status", "fig8", "--into", tmp_path)
    assert outcome.code == 2
    assert "is not a study of format 2; use the version of barestyle that wrote it" in outcome.err
