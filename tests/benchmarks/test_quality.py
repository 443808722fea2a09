"""Comparing arms at equal SSIM, and continuing an interrupted comparison."""

from __future__ import annotations

import json
import sys
from math import sqrt
from pathlib import Path

import pytest

from benchmarks import quality

CURVE = [{"ssim": 0.2, "patches": 0.01}, {"ssim": 0.4, "patches": 0.04}, {"ssim": 0.8, "patches": 0.09}]


def test_distances_between_points_are_geometric_means() -> None:
    assert quality.interpolate(CURVE, "patches", 0.4) == pytest.approx((0.04, 0.4))
    assert quality.interpolate(CURVE, "patches", 0.3) == pytest.approx((sqrt(0.01 * 0.04), 0.3))
    assert quality.interpolate(CURVE[::-1], "patches", 0.6) == pytest.approx((0.06, 0.6))


def test_beyond_the_ends_the_closest_point_is_returned() -> None:
    assert quality.interpolate(CURVE, "patches", 0.1) == (0.01, 0.2)
    assert quality.interpolate(CURVE, "patches", 0.95) == (0.09, 0.8)


@pytest.mark.slow
def test_every_arm_is_painted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quality, "EVALUATIONS", 4)
    monkeypatch.setattr(quality, "STRENGTHS", (0.5, 1.0))
    monkeypatch.setattr(quality, "METRIC_NAMES", ("ssim", "patches"))
    monkeypatch.setattr(quality, "WEIGHT_FREE", ("patches",))
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
