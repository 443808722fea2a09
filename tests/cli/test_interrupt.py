"""Ctrl-C in a real process: the best image so far is saved, marked as interrupted, and repeatable."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from barestyle.cli.interrupt import Interrupt
from barestyle.run import record as records

PROGRAM = [sys.executable, "-m", "barestyle"]
ENDLESS = (
    "--precision",
    "float32",
    "--size",
    "64",
    "--steps",
    "100000",
    "--set",
    "network.channels=4",
    "--set",
    "optimizer.patience=100000",
    "--set",
    "scales=single",
)


def test_the_first_ctrl_c_saves_the_image(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.jpg"), "-o", str(out), *ENDLESS]
    running = subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert running.stderr.readline().startswith("100000 steps, about ")
    assert running.stderr.readline().startswith("step 0/100000")
    running.send_signal(signal.SIGINT)
    printed, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "the best image so far will be saved" in errors
    assert "it was interrupted" in printed
    record = records.find(out)
    assert record.interrupted
    assert len(record.losses) >= 1
    again = subprocess.run(
        [*PROGRAM, "rerun", str(out), "-o", str(tmp_path / "again.png")], capture_output=True, text=True, check=True
    )
    assert "identical to the earlier one, bit for bit" in again.stdout


def test_the_second_ctrl_c_leaves_no_incomplete_file(pictures: Path, tmp_path: Path) -> None:
    """The exception is raised where the file is flushed to the disk."""
    code = (
        "import sys, os; from barestyle.cli import main\n"
        "def stopped(_): raise KeyboardInterrupt\n"
        "os.fsync = stopped\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.jpg"), "-o", str(tmp_path / "a.png")]
    quick = ["--size", "32", "--steps", "1", "--quiet"]
    done = subprocess.run([sys.executable, "-c", code, *arguments, *quick], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_ctrl_c_that_a_library_swallows_while_it_loads_still_counts(pictures: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from barestyle.cli import main\n"
        "import barestyle.run.plan as plan\n"
        "whole = plan.prepare\n"
        "def swallowing(*arguments, **options):\n"
        "    try: os.kill(os.getpid(), signal.SIGINT)\n"
        "    except KeyboardInterrupt: pass\n"
        "    return whole(*arguments, **options)\n"
        "plan.prepare = swallowing\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.jpg"), "-o", str(tmp_path / "a.png")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "barestyle: interrupted; nothing was saved\n"
    assert list(tmp_path.iterdir()) == []


def test_the_second_ctrl_c_stops_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Interrupt() as interrupt:  # noqa: PT012  # the second signal has to be inside
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.requested
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_the_run_writes_nothing(pictures: Path, tmp_path: Path) -> None:
    """The signal comes while the program reads its first image."""
    code = (
        "import sys; from barestyle.cli import main\n"
        "def stopped(*_, **__): raise KeyboardInterrupt\n"
        "import barestyle.run.plan; barestyle.run.plan.read_split = stopped\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.jpg"), "-o", str(tmp_path / "a.png")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "barestyle: interrupted; nothing was saved\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_terminal_shows_a_bar(pictures: Path, tmp_path: Path) -> None:
    """On a pseudo-terminal the progress is redrawn in place, with the time left, and erased at the end."""
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.jpg"), "-o", str(tmp_path / "a.png")]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    quick = ["--size", "32", "--steps", "30", "--set", "network.channels=4"]
    running = subprocess.Popen(
        [*PROGRAM, *arguments, *quick], stderr=theirs, stdout=subprocess.DEVNULL, env=environment
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert running.wait(timeout=60) == 0
    text = shown.decode(errors="replace")
    assert "evaluations, loss" in text
    assert "left" in text
    assert text.count("\x1b[2K") > 2, "the line is erased and drawn again"
    assert text.rstrip("\r\n").endswith("\x1b[2K"), "and erased at the end"
    assert "step 0/30" not in text
