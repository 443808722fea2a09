"""Resolving a study: what is missing is reported before the first cell runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.errors import ImageError, SpecError, StudyError
from barestyle.study.override import override
from barestyle.study.resolve import resolve_study
from barestyle.study.yaml_loader import load


def test_an_image_that_is_too_small_for_a_network_is_refused() -> None:
    with pytest.raises(ImageError, match="used at 16 x 11, but this network needs at least 24 pixels per side"):
        resolve_study(override(load("fig8"), size=16), weights=None)


def test_a_named_metric_that_cannot_be_computed_is_refused(study_file: Path) -> None:
    text = study_file.read_text()
    study_file.write_text(text.replace("metrics: [ssim, patches]", "metrics: [ssim, vgg]"))
    with pytest.raises(SpecError, match="metric vgg of study 'small' cannot be computed; it needs trained weights"):
        resolve_study(load(str(study_file)), weights=None)
    study_file.write_text(text.replace("metrics: [ssim, patches]\n", ""))
    resolved = resolve_study(load(str(study_file)), weights=None)
    assert "vgg" not in resolved.metrics
    assert resolved.left_out["vgg"].startswith("it needs trained weights; name a file with --trained FILE")


def test_missing_weights_are_reported() -> None:
    with pytest.raises(StudyError, match="variant 'original' needs trained VGG-19 weights"):
        resolve_study(load("paper"), weights=None)
