"""`barestyle rerun` repeats a run bit for bit, and explains a difference."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import Progress, preset, transfer, with_settings
from barestyle.objective import Evaluation
from barestyle.optimize import Minimizer
from barestyle.optimize.iterate import Evaluate
from barestyle.run import output_files
from barestyle.run import record as records
from barestyle.spec import LBFGS, Adam, PaperLBFGS
from tests.cli.conftest import QUICK, Program


def same_pixels(one: Path, other: Path) -> bool:
    return np.array_equal(np.asarray(Image.open(one)), np.asarray(Image.open(other)))


@pytest.mark.parametrize("source", ["picture and json", "picture alone", "json alone"])
def test_the_pixels_are_identical(program: Program, painted: Path, source: str) -> None:
    again = painted.with_name("again.png")
    sidecar = output_files.sidecar(painted)
    losses = records.find(painted).losses
    if source == "picture alone":
        sidecar.unlink()
    outcome = program("rerun", sidecar if source == "json alone" else painted, "-o", again)
    assert outcome.code == 0, outcome.err
    assert "The image is identical to the earlier one, bit for bit." in outcome.out
    assert same_pixels(painted, again)
    assert records.find(again).losses == losses


@pytest.mark.parametrize(
    "how", [("--precision", "mixed"), ("--memory", "408MiB", "--size", "320", "--set", "network.pooling=none")]
)
def test_precision_and_tiles_are_repeated(
    program: Program, pictures: Path, tmp_path: Path, how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record has both, so that every sum is rounded as before."""
    # The tests share a process, whose own memory is as large as they left it.
    monkeypatch.setattr("barestyle.hardware.memory.measure_used_memory", lambda _: 300 * 2**20)
    painted, again = tmp_path / "out.png", tmp_path / "again.png"
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", "-o", painted)
    outcome = program(*arguments, "--set", "network.channels=8", "--set", "scales=single", "--steps", "4", *how)
    assert outcome.code == 0, outcome.err
    record = records.find(painted)
    assert record.precision == ("mixed" if "mixed" in how else "float32")
    assert len(record.memory_plans) == (2 if "mixed" in how else 1)
    assert (record.memory_plans[0].tile_height is None) == ("mixed" in how)
    outcome = program("rerun", painted, "-o", again)
    assert "The image is identical to the earlier one, bit for bit." in outcome.out
    assert records.find(again).memory_plans == record.memory_plans


def test_an_image_beside_the_record_of_another_one_is_refused(
    program: Program, painted: Path, pictures: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", "-o", other, *QUICK, "--seed", "1")
    assert program(*arguments).code == 0
    shutil.copy(other, painted)
    refused = program("rerun", painted, "-o", tmp_path / "again.png")
    assert refused.code == 2
    assert "out.png.json' is the record of another image than" in refused.err
    assert not (tmp_path / "again.png").exists()


def test_images_without_a_record_are_refused(program: Program, tmp_path: Path) -> None:
    Image.new("1", (15_000, 12_000)).save(tmp_path / "huge.png")
    for path, words in ((tmp_path / "huge.png", "contains no record"), (tmp_path / ("x" * 300), "cannot be read")):
        refused = program("rerun", path, "-o", tmp_path / "again.png")
        assert refused.code == 2
        assert words in refused.err
        assert refused.err.count("\n") == 1


def test_a_moved_result_needs_the_new_paths_of_its_inputs(
    program: Program, painted: Path, pictures: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    moved = Path(shutil.move(painted, elsewhere / "out.png"))
    again = elsewhere / "again.png"
    refused = program("rerun", moved, "-o", again)
    assert refused.code == 2
    assert "the content is no longer at" in refused.err
    assert "name the file with --content" in refused.err
    found = program(
        "rerun", moved, "-o", again, "--content", pictures / "content.png", "--style", pictures / "style.jpg"
    )
    assert found.code == 0, found.err
    assert same_pixels(moved, again)


def test_inputs_that_have_changed_are_refused(
    program: Program, pictures: Path, tmp_path: Path, style_image: Image.Image
) -> None:
    for name in ("content.png", "style.jpg"):
        shutil.copy(pictures / name, tmp_path / name)
    out = tmp_path / "out.png"
    assert program("transfer", tmp_path / "content.png", tmp_path / "style.jpg", "-o", out, *QUICK).code == 0
    style_image.rotate(90).save(tmp_path / "style.jpg")
    refused = program("rerun", out, "-o", tmp_path / "again.png")
    assert refused.code == 2
    assert "style.jpg' is not the style that" in refused.err
    assert "name the right file with --style" in refused.err


def test_an_interrupted_run_is_repeated_up_to_the_same_step(program: Program, painted: Path) -> None:
    """The record says that the run was stopped after one step of two."""
    sidecar = output_files.sidecar(painted)
    data = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**data, "interrupted": True, "losses": data["losses"][:2]}))
    again = painted.with_name("again.png")
    program("rerun", painted, "-o", again)
    assert records.find(again).losses == tuple(data["losses"][:2])
    assert records.find(again).interrupted


def test_an_input_that_was_in_memory_can_be_given_as_a_file(
    program: Program, pictures: Path, content_image: Image.Image, tmp_path: Path
) -> None:
    spec = with_settings(preset("bare").spec, {"size": 32, "optimizer.steps": 1, "network.channels": 4})
    out = transfer(content_image, pictures / "style.jpg", spec).save(tmp_path / "out.png")
    refused = program("rerun", out, "-o", tmp_path / "again.png")
    assert refused.code == 2
    assert "the content was only in memory; save it, and name the file with --content" in refused.err
    repeated = program("rerun", out, "-o", tmp_path / "again.png", "--content", pictures / "content.png")
    assert "The image is identical to the earlier one, bit for bit." in repeated.out, repeated.err


def test_an_interrupted_run_with_a_restart_is_repeated_up_to_the_same_step(
    program: Program, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt diverges at its fourth evaluation; the second one was stopped at its second."""
    made: list[Minimizer] = []

    class Exploding(Minimizer):
        def __init__(self, evaluate: Evaluate, start: Tensor, spec: PaperLBFGS | LBFGS | Adam, *_: object) -> None:
            made.append(self)
            first, seen = len(made) % 2 == 1, 0

            def exploding(image: Tensor) -> Evaluation:
                nonlocal seen
                seen += 1
                found = evaluate(image)
                return replace(found, loss=found.loss * torch.inf) if first and seen == 4 else found

            super().__init__(exploding, start, spec)

    monkeypatch.setattr(sys.modules["barestyle.run.multiscale"], "Minimizer", Exploding)
    spec = with_settings(preset("paper").spec, {"size": 32, "network.channels": 4, "network.pooling": "none"})
    seen: list[Progress] = []
    result = transfer(
        *(pictures / "content.png", pictures / "style.jpg", spec),
        on_progress=seen.append,
        should_stop=lambda: seen[-1].restarts == 1 and seen[-1].evaluations == 2,
    )
    assert (result.restarts, len(result.losses)) == (1, 2)
    out = result.save(tmp_path / "out.png")
    outcome = program("rerun", out, "-o", tmp_path / "again.png")
    assert "The image is identical to the earlier one, bit for bit." in outcome.out, outcome.err


def test_a_different_image_is_explained(program: Program, painted: Path) -> None:
    sidecar = output_files.sidecar(painted)
    data = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**data, "image_sha256": "0" * 64, "versions": {**data["versions"], "torch": "1.0"}}))
    outcome = program("rerun", sidecar, "-o", painted.with_name("again.png"))
    assert outcome.code == 1
    assert "barestyle: the image differs from the earlier one: torch was 1.0 and is now " in outcome.err
    sidecar.write_text(json.dumps({**data, "image_sha256": "0" * 64, "processes": 3}))
    by_several = program("rerun", sidecar, "-o", painted.with_name("several.png")).err
    assert "it was computed by 3 processes, which round differently from one" in by_several
    again = painted.with_name("quiet.png")
    assert "differs from the earlier one" in program("rerun", sidecar, "-o", again, "--quiet").err


def test_refusals(program: Program, painted: Path, pictures: Path) -> None:
    again = painted.with_name("again.png")
    for arguments, words in (
        ((pictures / "content.png", "-o", again), "contains no record"),
        ((pictures / "nowhere.png", "-o", again), "there is no file"),
        ((painted, "-o", painted), "exists"),
        ((painted, "-o", again, "--trained", "a.pth"), "was made without trained weights; leave out --trained"),
    ):
        outcome = program("rerun", *arguments)
        assert outcome.code == 2
        assert words in outcome.err
    assert "Missing option" in program("rerun", painted).err


@pytest.mark.parametrize("name", ["content.png", "style.jpg"])
def test_a_repeated_run_does_not_overwrite_an_input(
    program: Program, pictures: Path, tmp_path: Path, name: str
) -> None:
    for one in ("content.png", "style.jpg"):
        shutil.copy(pictures / one, tmp_path / one)
    out = tmp_path / "out.png"
    assert program("transfer", tmp_path / "content.png", tmp_path / "style.jpg", "-o", out, *QUICK).code == 0
    before = (tmp_path / name).read_bytes()
    for arguments in ((out, "-o", tmp_path / name), (output_files.sidecar(out), "-o", out), (out, "-o", out)):
        refused = program("rerun", *arguments, "--force")
        assert refused.code == 2
        assert "is also an input; choose another name" in refused.err
    assert (tmp_path / name).read_bytes() == before


def test_snapshots_do_not_overwrite_an_input(program: Program, pictures: Path, tmp_path: Path) -> None:
    content = tmp_path / "out-00001.png"
    shutil.copy(pictures / "content.png", content)
    before = content.read_bytes()
    refused = program(
        *("transfer", content, pictures / "style.jpg", "-o", tmp_path / "out.png", *QUICK),
        *("--save-every", "1", "--force"),
    )
    assert refused.code == 2
    assert "is also an input, and --save-every would overwrite it" in refused.err
    assert content.read_bytes() == before


def test_an_edited_spec_is_reported(program: Program, painted: Path) -> None:
    sidecar = output_files.sidecar(painted)
    data = json.loads(sidecar.read_text())
    data["spec"]["style_loss"]["epsilon"] = 0.5
    sidecar.write_text(json.dumps(data))
    outcome = program("rerun", painted, "-o", painted.with_name("again.png"))
    assert outcome.code == 1
    assert "the spec in the record was edited" in outcome.err
