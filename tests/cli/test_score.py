"""`barestyle score` through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from barestyle.metrics import score
from tests.cli.conftest import Program


def test_the_record_names_content_and_style(program: Program, painted: Path, pictures: Path) -> None:
    (line,) = program("score", painted, "--json", "--metric", "ssim", "--metric", "patches").out.splitlines()
    found = json.loads(line)
    expected = score(painted, pictures / "content.png", pictures / "style.jpg", metrics=["ssim", "patches"])
    assert found == {"scores": expected.values, "left_out": {}, "own_objective": []}


def test_any_image_is_scored_against_given_ones(program: Program, pictures: Path) -> None:
    content, style = pictures / "content.png", pictures / "style.jpg"
    outcome = program("score", content, "--content", content, "--style", style)
    assert outcome.code == 0, outcome.err
    assert "structural similarity of lightness, against the content" in outcome.out
    assert "vgg was left out: it needs trained weights; name a file with --trained FILE" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("{content}",), "contains no record and"),
        (("{content}", "--content", "{content}"), "contains no record and"),
        (("{content}", "--content", "nowhere.png", "--style", "{content}"), "there is no file 'nowhere.png'"),
        (("{content}", "--metric", "beauty"), "there is no metric 'beauty'; the metrics are ssim, ms-ssim"),
        (
            ("{content}", "--content", "{content}", "--style", "{content}", "--trained", "none.pth"),
            "there is no weights file 'none.pth'",
        ),
    ],
)
def test_refusals(program: Program, pictures: Path, arguments: tuple[str, ...], words: str) -> None:
    outcome = program("score", *(argument.format(content=pictures / "content.png") for argument in arguments))
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err
