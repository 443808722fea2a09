"""`barestyle resume` after kill -9, after Ctrl-C, and on a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from barestyle.run import output_files
from barestyle.run import record as records
from tests.cli.conftest import Program
from tests.conftest import drawing

PROGRAM = [sys.executable, "-m", "barestyle"]
PAINT = ["transfer", "content.png", "style.png", "--size", "64", "--precision", "float32"]
RUN = [*PAINT, "--steps", "12", *("--set", "network.channels=8")]
ENDLESS = [*PAINT, "--steps", "100000", *("--set", "scales=single"), *("--set", "network.channels=4")]
ENDLESS += ["--set", "optimizer.patience=100000", "-o", "out.png", "--checkpoint-every", "10"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawing(64, 48, 1).save(tmp_path / "content.png")
    drawing(56, 64, 2).save(tmp_path / "style.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kill_run(folder: Path) -> Path:
    """Return the checkpoint of a run whose process was killed as soon as it existed."""
    slow = "import time; import barestyle.run.checkpoint as c; save = c.save\n"
    slow += "def waiting(*a):\n    save(*a); time.sleep(60)\nc.save = waiting\n"
    slow += "import sys; from barestyle.cli import main; sys.exit(main(sys.argv[1:]))"
    running = subprocess.Popen([sys.executable, "-c", slow, *RUN, "-o", "out.png", "--checkpoint-every", "7", "-q"])
    checkpoint = folder / "out.png.checkpoint"
    wait_for(checkpoint.exists)
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=30)
    return checkpoint


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.05)


def test_a_killed_run_continues_to_the_same_result(program: Program, folder: Path) -> None:
    checkpoint = kill_run(folder)
    assert not (folder / "out.png").exists()
    subprocess.run([*PROGRAM, *RUN, "-o", "whole.png", "-q"], check=True)  # with as many threads as the other
    refused = program(*RUN, "-o", "out.png", "--checkpoint", "-q")
    assert refused.code == 2
    assert "continue it with `barestyle resume out.png`, or start over with --force" in refused.err
    resumed = subprocess.run([*PROGRAM, "resume", "out.png"], capture_output=True, text=True, check=True)
    assert "all steps were taken" in resumed.stdout
    whole, resumed_record = (records.find(folder / name) for name in ("whole.png", "out.png"))
    assert resumed_record.image_sha256 == whole.image_sha256
    assert resumed_record.losses == whole.losses
    assert not checkpoint.exists(), "a finished run needs no checkpoint"
    again = program("resume", "out.png")
    assert again.code == 2
    assert "there is no checkpoint for 'out.png'; the run is finished" in again.err
    assert "bit for bit" in program("rerun", "out.png", "-o", "again.png").out


@pytest.mark.slow
def test_ctrl_c_leaves_an_image_and_a_checkpoint(program: Program, folder: Path) -> None:
    running = subprocess.Popen([*PROGRAM, *ENDLESS], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert " steps, about " in running.stderr.readline()
    assert running.stderr.readline().startswith("step 0/100000")
    running.send_signal(signal.SIGINT)
    printed, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "To continue, run `barestyle resume out.png`." in printed
    stopped = records.find(folder / "out.png")
    assert stopped.interrupted
    checkpoint = folder / "out.png.checkpoint"
    written = checkpoint.stat().st_mtime_ns
    going = subprocess.Popen([*PROGRAM, "resume", str(checkpoint), "-q"])
    wait_for(lambda: checkpoint.stat().st_mtime_ns != written)
    going.send_signal(signal.SIGINT)
    going.communicate(timeout=60)
    further = records.find(folder / "out.png")
    assert further.losses[: len(stopped.losses)] == stopped.losses
    assert len(further.losses) > len(stopped.losses)


def test_another_image_of_that_name_is_not_overwritten(program: Program, folder: Path) -> None:
    kill_run(folder)
    drawing(20, 20, 3).save(folder / "out.png")
    refused = program("resume", "out.png", "-q")
    assert refused.code == 2
    assert "'out.png' exists; choose another name, or overwrite it with --force" in refused.err
    assert program("resume", "out.png", "-q", "--force").code == 0
    assert records.find(folder / "out.png").width == 64


def test_an_interrupted_result_in_another_style_is_not_overwritten(program: Program, folder: Path) -> None:
    """Its photo and its settings are the same."""
    kill_run(folder)
    drawing(50, 50, 7).save(folder / "other.png")
    arguments = [*RUN[:2], "other.png", *RUN[3:]]
    assert program(*arguments, "-o", "out.png", "-q").code == 0
    for file in (folder / "out.png.json",):
        file.write_text(file.read_text().replace('"interrupted": false', '"interrupted": true'))
    assert "'out.png' exists" in program("resume", "out.png").err


@pytest.mark.slow
def test_moved_inputs_are_given_as_options(program: Program, folder: Path) -> None:
    kill_run(folder)
    (folder / "content.png").rename(folder / "moved.png")
    assert "name the file with --content" in program("resume", "out.png", "-q").err
    assert program("resume", "out.png", "-q", "--content", "moved.png").code == 0


def test_snapshots_are_not_overwritten(program: Program, folder: Path) -> None:
    kill_run(folder)
    (folder / "out-00012.png").write_bytes(b"mine")
    refused = program("resume", "out.png", "-q", "--save-every", "4")
    assert "'out-00012.png' exists" in refused.err
    assert (folder / "out-00012.png").read_bytes() == b"mine"


def test_a_folder_with_the_name_of_the_checkpoint(program: Program, folder: Path) -> None:
    (folder / "out.png.checkpoint").mkdir()
    refused = program(*RUN, "-o", "out.png", "--checkpoint", "--force")
    assert refused.code == 2
    assert "the checkpoint 'out.png.checkpoint' is a folder" in refused.err


def test_checkpoint_every_implies_checkpoint(program: Program, folder: Path) -> None:
    (folder / "out.png.checkpoint").write_bytes(b"earlier")
    refused = program(*RUN, "-o", "out.png", "--checkpoint-every", "3")
    assert refused.code == 2
    assert "'out.png.checkpoint' exists, from a run that did not finish" in refused.err


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 200 kB."""
    place = folder / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs needs Linux")
def test_a_full_disk_loses_nothing(folder: Path, small_disk: Path) -> None:
    """A checkpoint that cannot be written does not stop the run, and the image is saved in another folder."""
    (small_disk / "filling").write_bytes(os.urandom(190_000))
    arguments = [*RUN, "-o", str(small_disk / "out.png"), "--checkpoint-every", "5"]
    outcome = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert outcome.returncode == 2
    (note,) = (line for line in outcome.stderr.splitlines() if line.startswith("barestyle: note: "))
    assert "out.png.checkpoint' cannot be written (" in note
    assert "No space left on device" in note
    assert "the run continues, but can only be resumed from the previous checkpoint" in note
    sentence = outcome.stderr.strip().splitlines()[-1]
    assert "cannot be written (No space left on device)" in sentence
    rescued = Path(sentence.split("the image was saved as '")[1].split("'")[0])
    assert records.find(rescued).width == 64
    assert not list(small_disk.glob(".*")), "nothing is half-written"
    for path in (rescued, output_files.sidecar(rescued)):
        path.unlink()
    rescued.parent.rmdir()
