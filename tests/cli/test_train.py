"""`barestyle train`: files, progress, invalid input; and a training that is killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from barestyle import samples
from barestyle.cli.train import find_initial
from barestyle.cli.training_progress import format_training
from barestyle.errors import StyleFileError
from barestyle.feed_forward import load_style
from barestyle.feed_forward.training import TrainingProgress
from tests.cli.conftest import Program
from tests.feed_forward.cases import make_style
from tests.feed_forward.test_photographs import write_noise

SHORT = ("--crop", "112", "--batch", "1", "--from", "random", "--precision", "float32")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder with a style, and photographs in a folder."""
    (tmp_path / "photos").mkdir()
    for number in range(24):  # so that none is repeated in other colors, which takes seconds
        write_noise(tmp_path / "photos" / f"{number}.png", 70, 64, number)
    (tmp_path / "single").mkdir()
    write_noise(tmp_path / "single" / "0.png", 70, 64)
    write_noise(tmp_path / "style.png", 100, 100, 99)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_training_starts_from_a_file_a_name_or_random_weights() -> None:
    assert find_initial(None) == find_initial("swirls") == samples.trained_style("swirls")
    assert find_initial("mosaic") == samples.trained_style("mosaic")
    assert find_initial("my.style") == Path("my.style")
    assert find_initial("random") is None
    with pytest.raises(StyleFileError, match="there is no trained style 'swirl'"):
        find_initial("swirl")


@pytest.mark.slow
def test_a_style_is_trained_and_painted_with(folder: Path, program: Program) -> None:
    outcome = program(
        "train",
        "style.png",
        "-o",
        "a.style",
        "--photos",
        "photos",
        "--steps",
        "3",
        "--preview",
        "p.png",
        "--json",
        *SHORT,
    )
    assert outcome.code == 0, outcome.err
    data = json.loads(outcome.out)
    assert data["output"] == "a.style"
    assert data["styles"] == ["style"]
    assert data["steps"] == 3
    assert data["checkpoint"] is None
    assert (folder / "p.png").is_file()
    assert not (folder / "a.style.checkpoint").exists()
    assert (folder / "a.style").stat().st_size < 1_000_000
    assert program("apply", "a.style", "photos/0.png", "-o", "painted.png").code == 0


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the program with progress as JSON, one line for each step."""
    command = [sys.executable, "-m", "barestyle", *arguments, "--progress", "json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{") and json.loads(line)["step"] >= step:
            return
    pytest.fail("the training ended early")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_interrupted_and_killed_training_is_resumed(folder: Path) -> None:
    options = ["--photos", "photos", "--steps", "8", *SHORT]
    whole = start(folder, "train", "style.png", "-o", "whole.style", *options)
    whole.communicate()
    assert whole.returncode == 0
    # Ctrl-C saves a checkpoint; a process that is killed leaves it as it was.
    interrupted = start(folder, "train", "style.png", "-o", "a.style", *options)
    wait_for_step(interrupted, 3)
    interrupted.send_signal(signal.SIGINT)
    interrupted.communicate()
    assert interrupted.returncode == 130
    checkpoint = (folder / "a.style.checkpoint").read_bytes()
    killed = start(folder, "resume", "a.style")
    wait_for_step(killed, 5)
    killed.kill()
    killed.communicate()
    assert (folder / "a.style.checkpoint").read_bytes() == checkpoint
    resumed = start(folder, "resume", "a.style")
    resumed.communicate()
    assert resumed.returncode == 0
    assert not (folder / "a.style.checkpoint").exists()
    first, second = (load_style(folder / name).network.state_dict() for name in ("whole.style", "a.style"))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("none.png -o a.style --photos photos", "there is no file 'none.png'"),
        ("style.png -o a.png", "'a.png' has no style extension"),
        ("style.png -o there.style", "'there.style' exists"),
        ("tiny.png -o a.style --photos photos", "'tiny.png' has 1 x 1 pixels, and a style needs at least"),
        ("style.png -o a.style --photos none", "there is no folder 'none'"),
        ("style.png -o a.style --photos single", "the folder 'single' has one photograph"),
        ("style.png -o a.style --from none.style", "there is no file 'none.style'"),
        ("style.png -o a.style --from style.png", "'style.png' is not a trained style"),
        ("style.png -o a.style --from small.style", "'small.style' has a network of"),
        ("style.png -o a.style --crop 100", "crop cannot be 100"),
        ("style.png -o a.style --precision fp8", "precision cannot be 'fp8'"),
        ("style.png -o a.style --preview style.png", "is also an input"),
        ("style.png -o a.style --preview tiny.png", "'tiny.png' exists"),
        ("style.png -o a.style --photos photos --preview photos/0.png --force", "'photos/0.png' is also an input"),
        ("style.png -o half.style", "is the checkpoint of a training that did not finish"),
        ("style.png -o a.style --quiet --progress bar", "--quiet shows no progress"),
    ],
)
def test_invalid_input(folder: Path, program: Program, line: str, words: str) -> None:
    (folder / "there.style").write_bytes(b"mine")
    write_noise(folder / "tiny.png", 1, 1)
    (folder / "half.style.checkpoint").write_bytes(b"half")
    make_style().save(folder / "small.style")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    outcome = program("train", *line.split())
    assert outcome.code == 2
    assert words in outcome.err
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_options_of_a_run_are_refused_for_a_training(folder: Path, program: Program) -> None:
    outcome = program("resume", "a.style", "--style", "new.png", "--checkpoint-every", "5")
    assert outcome.code == 2
    assert "leave out --style, --checkpoint-every" in outcome.err


def test_nothing_to_resume(folder: Path, program: Program) -> None:
    outcome = program("resume", "a.style")
    assert outcome.code == 2
    assert "there is no checkpoint 'a.style.checkpoint'" in outcome.err


@pytest.mark.parametrize(
    ("step", "held_out", "text"),
    [(20, None, "loss 0.500, about 2 min left"), (20, 0.25, "loss 0.250, about 2 min left"), (40, 0.25, "loss 0.250")],
)
def test_progress(step: int, held_out: float | None, text: str) -> None:
    progress = TrainingProgress(step, 40, 0.5, held_out, 10.0, 120.0, lambda _: torch.zeros(1, 3, 8, 8))
    assert format_training(progress) == text
