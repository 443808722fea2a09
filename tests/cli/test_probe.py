"""`barestyle probe` through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Program

pytest.importorskip("sklearn", reason="scikit-learn is an extra")

QUICK = ("--preset", "npnd", "--set", "network.channels=4", "--sizes", "30,60", "--seeds", "0,1")


def test_digits_are_recognized_and_a_second_run_continues(program: Program, tmp_path: Path) -> None:
    outcome = program("probe", *QUICK, "--heads", "40", "--epochs", "1", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert "digits: 1352 training and 445 test images" in outcome.err
    lines = (tmp_path / "out" / "accuracies.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * (2 * (3 * 5 + 1) + 5), "two seeds of three kinds at five layers, all, and five heads"
    accuracies = [float(line.split(",")[-2]) for line in lines[1:]]
    assert max(accuracies) > 0.6, "far better than one of ten classes by chance"
    again = program("probe", *QUICK, "--heads", "40", "--epochs", "1", "-o", tmp_path / "out")
    assert "seed 0" not in again.err
    assert again.out == outcome.out


def test_other_settings_need_another_folder(program: Program, tmp_path: Path) -> None:
    assert program("probe", *QUICK, "-o", tmp_path / "out").code == 0
    before = (tmp_path / "out" / "accuracies.csv").read_bytes()
    for other, words in (
        (("--set", "network.kernel_size=2"), "has 'npnd' with other settings; choose another folder with -o"),
        (("--size", "40"), "with other images; choose another with -o"),
        (("--epochs", "3"), "with other epochs; choose another with -o"),
    ):
        outcome = program("probe", *QUICK, *other, "-o", tmp_path / "out")
        assert (outcome.code, words in outcome.err) == (2, True), outcome.err
    assert (tmp_path / "out" / "accuracies.csv").read_bytes() == before


def test_more_training_images_are_measured_alone(program: Program, tmp_path: Path) -> None:
    program("probe", *QUICK, "-o", tmp_path / "out")
    outcome = program("probe", *QUICK, "--sizes", "30,60,90", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    lines = (tmp_path / "out" / "accuracies.csv").read_text().splitlines()[1:]
    numbers = [line.split(",")[3] for line in lines]
    assert {number: numbers.count(number) for number in set(numbers)} == {"30": 32, "60": 32, "90": 32}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "there is no data set 'nowhere'; give digits, a folder of classes"),
        (("--preset", "nowhere"), "nowhere"),
        (("--set", "network.channels=4"), "--set changes the network of a --preset; name one"),
        (("--sizes", "a"), "--sizes must be whole numbers separated by commas, such as 100,1000, not 'a'"),
        (("--sizes", "1"), "--sizes must be whole numbers"),
        (("--seeds", ""), "--seeds must be whole numbers"),
    ],
)
def test_invalid_arguments_are_refused_in_one_line(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = program("probe", *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert outcome.err.strip().count("\n") == 0
    assert not list(tmp_path.iterdir())
