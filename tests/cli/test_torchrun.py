"""`torchrun ... -m barestyle transfer`: one picture on several real processes, and what can happen to them."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from barestyle.images import read
from barestyle.run import record as records
from tests import documents
from tests.conftest import drawing
from tests.distributed.processes import find_free_port

pytestmark = pytest.mark.processes

TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]
QUICK = ["--size", "256", "--steps", "30", "--precision", "float32", "--set", "scales.finest_steps=20"]
BRIEF = ["--size", "256", "--steps", "8", "--precision", "float32", "--set", "scales.finest_steps=4"]
"""Few steps, in which rounding differences stay small; in those of QUICK they can grow to some levels of 255."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    drawing(256, 160, 0).save(folder / "content.png")
    drawing(200, 160, 1).save(folder / "style.png")
    return folder


def join_machines(port: int) -> list[str]:
    """Return the options with which each of two machines joins a run; here they are two torchrun on one."""
    return [
        *("--nnodes", "2", "--max-restarts", "1", "--local-addr", "127.0.0.1"),
        *("--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}"),
    ]


def start(
    pictures: Path,
    output: Path,
    *options: str,
    size: int = 2,
    machines: Sequence[str] = ("--standalone",),
    timeout: int | None = None,
) -> subprocess.Popen[str]:
    quick = [] if "--preset" in options or "--steps" in options else QUICK
    arguments = [str(pictures / "content.png"), str(pictures / "style.png"), "-o", str(output), *quick, *options]
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    if timeout:
        environment["BARESTYLE_TIMEOUT"] = str(timeout)
    return subprocess.Popen(
        [
            *(*TORCHRUN, *machines, "--nproc-per-node", str(size)),
            *("-m", "barestyle", "transfer", *arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    )


def wait_for_checkpoint(running: subprocess.Popen[str], output: Path) -> Sequence[psutil.Process]:
    """Wait until the run has a checkpoint; return its processes by rank."""
    path = output.with_name(output.name + ".checkpoint")
    deadline = time.monotonic() + 120
    while not path.exists():
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ranks = [child for child in psutil.Process(running.pid).children() if "barestyle" in child.cmdline()]
    return sorted(ranks, key=lambda process: process.environ()["RANK"])


def difference(one: Path, other: Path) -> float:
    return float((read(one).pixels - read(other).pixels).abs().mean()) * 255


@pytest.fixture(scope="module")
def unbroken(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("unbroken") / "a.png"
    running = start(pictures, output)
    out = running.communicate(timeout=200)[0]
    assert running.returncode == 0, out
    assert "256 x 160 pixels" in out
    assert out.count("The run ended because") == 1, "only one process reports"
    return output


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_processes_paint_what_one_does(pictures: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.png"), "-o", str(one), *BRIEF]
    threads = {**os.environ, "OMP_NUM_THREADS": str(min(2, len(os.sched_getaffinity(0))))}
    subprocess.run([sys.executable, "-m", "barestyle", *arguments], check=True, capture_output=True, env=threads)
    running = start(pictures, two, *BRIEF)
    out = running.communicate(timeout=200)[0]
    assert running.returncode == 0, out
    assert difference(one, two) < 0.5


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_after_a_killed_process_the_run_goes_on_from_its_checkpoint(
    pictures: Path, unbroken: Path, tmp_path: Path
) -> None:
    """On two machines torchrun starts the processes of both again; the bits are those of one machine without it."""
    output = tmp_path / "a.png"
    machines = join_machines(find_free_port())
    options = ("--checkpoint", "--checkpoint-every", "12")
    both = [start(pictures, output, *options, size=1, machines=machines) for _ in range(2)]
    wait_for_checkpoint(both[0], output)[0].kill()
    outs = [running.communicate(timeout=200)[0] for running in both]
    assert [running.returncode for running in both] == [0, 0], outs
    assert np.array_equal(read(output).pixels, read(unbroken).pixels)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.png.json"], "checkpoints are deleted"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_process_that_hangs_ends_the_run_in_one_sentence(pictures: Path, unbroken: Path, tmp_path: Path) -> None:
    """A stopped process does not answer; the checkpoint is complete, and `resume` continues it."""
    output = tmp_path / "a.png"
    running = start(pictures, output, "--checkpoint", "--checkpoint-every", "12", timeout=4)
    ranks = wait_for_checkpoint(running, output)
    ranks[1].suspend()
    try:
        ranks[0].wait(200)
    finally:
        ranks[1].kill()  # torchrun does the same, but waits half a minute for the signal to be answered
    out = running.communicate(timeout=200)[0]
    assert running.returncode != 0
    errors = [line for line in out.splitlines() if line.startswith("barestyle:") and "note:" not in line]
    assert len(errors) == 1, out
    assert "another process of this run ended, or did not answer in time" in errors[0]
    assert "barestyle resume" in errors[0]
    done = subprocess.run([sys.executable, "-m", "barestyle", "resume", str(output)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # The loss, because the picture's rounding differences grow in the many steps after the checkpoint.
    assert records.find(output).losses[-1] == pytest.approx(records.find(unbroken).losses[-1], rel=0.02)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_ctrl_c_saves_the_best_image_so_far(pictures: Path, tmp_path: Path) -> None:
    """SIGINT reaches torchrun and all processes, as from a terminal."""
    output = tmp_path / "a.png"
    running = start(pictures, output, "--checkpoint", "--checkpoint-every", "12")
    wait_for_checkpoint(running, output)
    os.killpg(running.pid, signal.SIGINT)
    out = running.communicate(timeout=200)[0]
    assert "because it was interrupted" in out or "interrupted" in out
    assert read(output).width == 256
    assert output.with_name("a.png.checkpoint").exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "paper"], "optimizer=paper-lbfgs cannot be split among processes"),
        (["--save-every", "5"], "--save-every needs the whole picture in one process"),
        (["-o", "a.jpg"], "cannot be written a few rows at a time"),
    ],
)
def test_what_cannot_be_split_is_refused(pictures: Path, tmp_path: Path, options: list[str], message: str) -> None:
    running = start(pictures, tmp_path / "a.png", *options)
    out = running.communicate(timeout=200)[0]
    assert running.returncode != 0
    errors = [line for line in out.splitlines() if line.startswith("barestyle:")]
    assert len(errors) == 1, out
    assert message in errors[0]
    assert list(tmp_path.iterdir()) == []


def test_other_commands_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from barestyle.cli import main

    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["presets"]) == 2
    assert "`barestyle presets` runs in one process; start it without torchrun" in capsys.readouterr().err
    monkeypatch.setenv("RANK", "1")
    assert main(["presets"]) == 2
    assert capsys.readouterr().err == "", "the first process says it"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_of_the_documentation_run(pictures: Path, tmp_path: Path) -> None:
    """On smaller pictures, and within the memory that these need."""
    commands = [
        line.removeprefix("$ ")
        for name in ("guide/large-pictures.md", "scaling.md")
        for block in documents.blocks(documents.ROOT / "docs" / name)
        for line in block.text.splitlines()
        if line.startswith("$ torchrun")
    ]
    assert len(commands) >= 3
    for name in ("photo.jpg", "painting.jpg"):
        drawing(128, 96, len(name)).save(tmp_path / name)
    for command in commands:
        words = shlex.split(re.sub(r"--size \d+", "--size 128", command).replace("--memory 3GiB", "--memory auto"))
        words[1:1] = ["--standalone"]
        environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(documents.ROOT)}
        done = subprocess.run([*TORCHRUN, *words[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert read(tmp_path / "mural.tif").width == 128
