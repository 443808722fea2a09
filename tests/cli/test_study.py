"""`barestyle study` through the command line."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from barestyle.errors import StudyError
from barestyle.study.storage import open_store
from barestyle.study.yaml_loader import SHIPPED
from tests.cli.conftest import Program
from tests.study.conftest import study_file

__all__ = ["study_file"]


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
    ran = program("study", "run", study_file, "--workers", "2")
    assert ran.code == 0, ran.err
    assert "6 of 6 cells done, 0 failed; images in studies/small/images" in ran.out
    assert "6/6 cells" in ran.err
    assert program("study", "status", study_file).out == "6 done, 0 running, 0 waiting, 0 failed\n"
    assert "6 different cells, 6 done" in program("study", "plan", study_file).out
    again = program("study", "run", study_file)
    assert "0 cells queued, 6 already in the store" in again.err
    assert "studies/small/report/index.html" in program("study", "report", study_file).out
    assert Path("studies/small/report/index.html").is_file()


def test_workers_that_end_early_are_reported_in_the_exit_code(
    program: Program, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    outcome = program("study", "run", study_file, "--workers", "2", "--into", tmp_path / "store")
    assert outcome.code == 1
    assert "0 of 6 cells done, 0 failed" in outcome.out
    assert "6 cells did not finish because the worker ended; run the same command again" in outcome.err


@pytest.mark.slow
def test_a_failed_cell_is_reported_in_the_exit_code(program: Program, study_file: Path, tmp_path: Path) -> None:
    """With weights so large that the loss of the starting image is infinite."""
    study_file.write_text(study_file.read_text().replace("weights: gaussian", "weights.magnitude: 1.0e+25"))
    outcome = program("study", "run", study_file, "--into", tmp_path / "store")
    assert (outcome.code, "4 of 6 cells done, 2 failed" in outcome.out) == (1, True), outcome.err
    status = program("study", "status", study_file, "--into", tmp_path / "store").out
    assert "2 failed: the loss of the starting image is infinite or NaN" in status


@pytest.mark.slow
def test_ctrl_c_stops_the_workers_and_loses_no_cell(study_file: Path, tmp_path: Path) -> None:
    """SIGINT is sent to the parent alone, as `kill -INT` does; it stops its workers and waits for them."""
    study_file.write_text(study_file.read_text().replace("optimizer.steps: 2", "optimizer.steps: 100000"))
    into = ("--into", str(tmp_path / "store"))
    command = [sys.executable, "-m", "barestyle", "study", "run", str(study_file), "--workers", "2", *into]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    store = None
    deadline = time.monotonic() + 60
    while store is None or sum(result.state == "running" for result in store.read_results()) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the workers never started"
        time.sleep(0.3)
        with suppress(StudyError):
            store = open_store("small", tmp_path / "store")
            store.read_results()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert {result.state for result in store.read_results()} <= {"waiting", "done"}
    assert errors.count("stopping; the current cells will be run again next time") == 1


@pytest.mark.slow
def test_search_prints_settings_that_transfer_accepts(program: Program, pictures: Path, tmp_path: Path) -> None:
    pair = f"{pictures / 'content.png'},{pictures / 'style.jpg'}"
    quick = ("--size", "32", "--steps", "1", "--trials", "2", "--pair", pair, "--into", tmp_path / "search")
    outcome = program("study", "search", "--metric", "patches", *quick)
    assert outcome.code == 0, outcome.err
    words = outcome.out.split()
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
        (("run", "fig8", "--storage", "postgresql+psycopg://x@127.0.0.1:1/x"), "cannot be used (connection"),
        (("work", "fig8"), "there is no study in 'studies/fig8'; start one with `barestyle study run fig8`"),
        (("status", "fig8"), "there is no study in 'studies/fig8'"),
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


def test_a_file_that_is_not_a_database_is_refused(program: Program, tmp_path: Path) -> None:
    (tmp_path / "study.sqlite3").write_text("this is not a database")
    outcome = program("study", "status", "fig8", "--into", tmp_path)
    assert outcome.code == 2
    assert "cannot be used (file is not a database); check it" in outcome.err
