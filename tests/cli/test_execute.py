"""Executing a plan: the outcome, its exit code, and what happens if the image cannot be saved."""

from __future__ import annotations

import os
import signal
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from PIL import Image

from barestyle import OutputError, Result, preset, with_settings
from barestyle.cli import execute as execution
from barestyle.cli.execute import ExecuteOptions, Outcome, StopPoint, execute, report, save_or_rescue
from barestyle.run import checkpoint as checkpoints
from barestyle.run import output_files
from barestyle.run import record as records
from barestyle.run.checkpoint import CheckpointConfig
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from barestyle.spec import Spec

QUIET = ExecuteOptions(quiet=True)


@pytest.fixture(scope="module")
def spec() -> Spec:
    settings = {"size": 32, "optimizer.steps": 6, "network.channels": 4, "scales": "single", "optimizer.patience": 99}
    return with_settings(preset("bare").spec, settings)


@pytest.fixture
def plan(spec: Spec, content_image: Image.Image, style_image: Image.Image) -> Plan:
    return prepare(Request(content_image, style_image, spec, precision="float32"))


@pytest.fixture
def interrupted_plan(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan during which SIGINT arrives, at the first snapshot."""
    monkeypatch.setattr("barestyle.cli.snapshots.write_atomically", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    return plan


def test_a_finished_run(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = execute(plan, tmp_path / "out.png", QUIET)
    assert outcome.path == tmp_path / "out.png"
    assert (outcome.exit_code, outcome.interrupted, outcome.error, outcome.checkpoint) == (0, False, None, None)
    assert records.find(outcome.path).image_sha256 == outcome.result.record.image_sha256
    report(outcome, quiet=False)
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{outcome.path}  32 x ")
    assert f"The run ended because {outcome.result.reason}.\n" in printed.out
    assert printed.err == ""
    with pytest.raises(FrozenInstanceError):
        outcome.interrupted = True  # type: ignore[misc]


def test_ctrl_c_saves_the_best_image_and_leaves_the_checkpoint(
    interrupted_plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.png"
    checkpoint = CheckpointConfig(checkpoints.path_for(output), 2)
    options = replace(QUIET, save_every=2, checkpoint=checkpoint)
    outcome = execute(interrupted_plan, output, options)
    assert outcome.interrupted
    assert outcome.result.interrupted
    assert outcome.exit_code == 130
    assert outcome.checkpoint == checkpoint.path
    assert records.find(output).interrupted
    capsys.readouterr()
    report(outcome, quiet=False)
    assert f"To continue, run `barestyle resume {output}`." in capsys.readouterr().out
    resumed = checkpoints.load(checkpoint.path)
    finished = execute(interrupted_plan, output, replace(QUIET, force=True, checkpoint=checkpoint, resumed=resumed))
    assert (finished.exit_code, finished.checkpoint) == (0, None)
    assert not checkpoint.path.exists()
    whole = execute(interrupted_plan, tmp_path / "whole.png", QUIET)
    assert finished.result.record.image_sha256 == whole.result.record.image_sha256


def test_ctrl_c_after_the_last_step_is_a_success(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = execution.save_or_rescue

    def interrupt_and_save(*arguments: object, **options: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return save(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(execution, "save_or_rescue", interrupt_and_save)
    outcome = execute(plan, tmp_path / "out.png", QUIET)
    assert outcome.interrupted
    assert not outcome.result.interrupted
    assert outcome.exit_code == 0


def refuse_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    save = Result.save

    def save_elsewhere(self: Result, path: Path, *, overwrite: bool = True) -> Path:
        if path.parent == folder:
            raise OutputError(f"{str(path)!r} cannot be written (No space left on device)")
        return save(self, path, overwrite=overwrite)

    monkeypatch.setattr(Result, "save", save_elsewhere)


def test_an_image_that_cannot_be_saved_is_rescued(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    refuse_folder(monkeypatch, tmp_path)
    checkpoint = CheckpointConfig(tmp_path / "out.png.checkpoint", 2)
    outcome = execute(plan, tmp_path / "out.png", replace(QUIET, checkpoint=checkpoint))
    assert outcome.path.is_relative_to(tmp_path / "temporary")
    assert records.find(outcome.path).image_sha256 == outcome.result.record.image_sha256
    assert outcome.exit_code == 2
    assert outcome.checkpoint == checkpoint.path, "it is still needed"
    report(outcome, quiet=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"barestyle: {outcome.error}\n"
    assert f"; the image was saved as {str(outcome.path)!r} instead" in printed.err


def test_an_image_that_cannot_be_rescued_either_is_an_error(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = execute(plan, tmp_path / "out.png", QUIET).result
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def fail(self: Result, path: Path, **_: bool) -> Path:
        raise OutputError(f"{path.name} cannot be written")

    monkeypatch.setattr(Result, "save", fail)
    with pytest.raises(OutputError, match=r"^again.png cannot be written$"):
        save_or_rescue(result, tmp_path / "again.png", overwrite=False)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_run_stops_after_the_iterates_of_an_earlier_one(plan: Plan, tmp_path: Path) -> None:
    outcome = execute(plan, tmp_path / "out.png", replace(QUIET, stop_after=(0, 3)))
    assert len(outcome.result.losses) == 3
    assert outcome.result.interrupted
    assert (outcome.interrupted, outcome.exit_code) == (False, 0), "nobody pressed Ctrl-C"


def test_a_stop_point_counts_the_iterates_of_each_attempt() -> None:
    from barestyle import Progress

    stop_point = StopPoint((1, 2))
    reached = []
    for restarts in (0, 0, 0, 1, 1, 1):
        stop_point(Progress(0, 9, 0, 1, 0.1, {}, 1.0, 1.0, restarts, lambda: None))  # type: ignore[arg-type,return-value]
        reached.append(stop_point.is_reached)
    assert reached == [False, False, False, False, True, False]


def test_nothing_is_overwritten_without_force(plan: Plan, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    first: Outcome = execute(plan, output, QUIET)
    refused = execute(plan, output, QUIET)
    assert refused.error is not None
    refused.path.unlink()
    output_files.sidecar(refused.path).unlink()
    refused.path.parent.rmdir()
    again = execute(plan, output, replace(QUIET, overwrite_output=True))
    assert (again.path, again.exit_code) == (first.path, 0)
