"""Ctrl-C in a real process: the best picture so far is written, marked, and repeatable."""

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


def test_once_keeps_the_picture(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.jpg"), "-o", str(out), *ENDLESS]
    running = subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert running.stderr.readline().startswith("step 0/100000")
    running.send_signal(signal.SIGINT)
    printed, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "the best picture so far will be kept" in errors
    assert "it was interrupted" in printed
    record = records.find(out)
    assert record.interrupted
    assert len(record.losses) >= 1
    again = subprocess.run(
        [*PROGRAM, "rerun", str(out), "-o", str(tmp_path / "again.png")], capture_output=True, text=True, check=True
    )
    assert "the same, bit for bit" in again.stdout


def test_while_saving_nothing_half_written_stays(pictures: Path, tmp_path: Path) -> None:
    """The second Ctrl-C, raised where the file is being brought to the disk."""
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


def test_one_that_a_library_swallows_while_it_loads_is_not_forgotten(pictures: Path, tmp_path: Path) -> None:
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
    assert done.stderr == "barestyle: interrupted before a result was kept; none was written\n"
    assert list(tmp_path.iterdir()) == []


def test_twice_stops_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Interrupt() as interrupt:  # noqa: PT012  # the second signal has to be inside
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.requested
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_before_the_first_picture_nothing_is_written(pictures: Path, tmp_path: Path) -> None:
    """A signal during start-up, raised where the program reads its first picture."""
    code = (
        "import sys; from barestyle.cli import main\n"
        "def stopped(*_, **__): raise KeyboardInterrupt\n"
        "import barestyle.run.plan; barestyle.run.plan.read = stopped\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["transfer", str(pictures / "content.png"), str(pictures / "style.jpg"), "-o", str(tmp_path / "a.png")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "barestyle: interrupted before a result was kept; none was written\n"
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_gets_a_bar(pictures: Path, tmp_path: Path) -> None:
    """On a pseudo-terminal the figures are redrawn in place, with the time left, and the bar is gone at the end."""
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
