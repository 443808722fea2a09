"""Painting the arms of a comparison: what is stored, what is painted again, and which scores a photograph has."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from benchmarks.comparison import BOUNDARIES, Outcome
from benchmarks.pairs import PictureSource

from barestyle import preset
from benchmarks import arms, comparison, quality
from tests.benchmarks.conftest import PHOTOGRAPH


def test_an_outcome_is_complete_with_its_spec_and_every_score() -> None:
    spec = preset("bare").spec
    outcome = Outcome({"ssim": 0.5, "patches": 0.1, "colours": 1.0}, 100, 1.0, 0, spec.digest)
    assert quality.is_complete(outcome, spec, ["ssim", "patches"])
    assert not quality.is_complete(outcome, spec, ["ssim", "vgg-content"]), "stored before there was this metric"
    assert not quality.is_complete(outcome._replace(spec="0"), spec, ["ssim"])


def test_scores_depend_on_weights_and_on_the_map_of_boundaries(shared_folder: Path, synthetic_weights: Path) -> None:
    source = PictureSource(shared_folder)
    assert quality.list_scores("coffee", None, source) == ["ssim", "portilla", "patches", "colors"]
    trained = quality.list_scores(PHOTOGRAPH, synthetic_weights, source)
    assert trained == ["ssim", "vgg-content", "vgg-unseen", "portilla", "patches", "colors", BOUNDARIES]


def test_comparing_at_vgg_content_needs_weights(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["quality", "--at", "vgg-content"])
    with pytest.raises(SystemExit):
        quality.parse_arguments()
    assert "--at vgg-content needs trained weights; name a file with --weights FILE" in capsys.readouterr().err


def use_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms, "EVALUATIONS", 4)
    monkeypatch.setattr(arms, "STRENGTHS", (0.5, 1.0))
    monkeypatch.setattr(comparison, "STRENGTHS", (0.5, 1.0))
    monkeypatch.setattr(quality, "METRIC_NAMES", ("ssim", "patches"))
    monkeypatch.setattr(quality, "WEIGHT_FREE", ("patches",))


@pytest.mark.slow
def test_every_arm_is_painted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_few_steps(monkeypatch)
    output = tmp_path / "quality.json"
    arguments = ["quality", "--size", "48", "--pairs", "1", "--seeds", "1", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", [*arguments, "--gallery", str(tmp_path / "gallery")])
    quality.main()
    cells = json.loads(output.read_text())["cells"]
    assert [key.split(", ")[1] for key in cells] == ["paper", "npnd", "bare 0.5", "bare 1"]
    assert "bare against npnd by patches" in capsys.readouterr().out
    assert (tmp_path / "gallery" / "coffee-swirls-48.jpg").exists()
    monkeypatch.setattr(sys, "argv", arguments)
    quality.main()
    assert json.loads(output.read_text())["cells"] == cells, "stored results are not painted again"


@pytest.mark.slow
def test_photographs_of_the_shared_folder_are_compared_at_equal_content_distance(
    shared_folder: Path,
    real_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_few_steps(monkeypatch)
    monkeypatch.setattr(quality, "METRIC_NAMES", ("ssim", "vgg-content", "vgg-unseen", "patches"))
    output = tmp_path / "quality.json"
    arguments = ["--size", "48", "--pairs", "1", "--seeds", "1", "--output", str(output), "--at", "vgg-content"]
    folders = ["--shared", str(shared_folder), "--weights", str(real_weights)]
    monkeypatch.setattr(sys, "argv", ["quality", *arguments, *folders])
    quality.main()
    cells = json.loads(output.read_text())["cells"]
    assert {key.split(", ")[0] for key in cells} == {f"{PHOTOGRAPH} in mosaic"}
    assert all(0 < cell["scores"][BOUNDARIES] <= 1 for cell in cells.values())
    text = capsys.readouterr().out
    assert "bare against npnd by patches, at the vgg-content of npnd" in text
    assert "bare against VGG-19 by patches, at the vgg-content of VGG-19" in text
    assert BOUNDARIES in text
