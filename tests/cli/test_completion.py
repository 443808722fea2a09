"""Completion in shells."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from barestyle import PRESETS, Spec, with_settings
from barestyle.cli.completion import complete_pair, complete_setting, join_words, list_settings
from barestyle.errors import SpecError
from barestyle.samples import PHOTOS, STYLES
from barestyle.spec.overrides import parse_assignment


def complete(*parts: str) -> list[str]:
    """Return what bash gets for the parts of a command line, the last one incomplete."""
    environment = {
        **os.environ,
        "_BARESTYLE_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(("barestyle", *parts)),
        "COMP_CWORD": str(len(parts)),
    }
    code = "import sys\nfrom barestyle.cli import main\ntry:\n    main([])\nexcept SystemExit:\n    pass\n"
    code += "print({'torch', 'kornia', 'numpy', 'PIL'} & set(sys.modules) or 'quick', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == "quick\n"
    return done.stdout.split()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("transfer", "--preset", ""), list(PRESETS)),
        (("presets", "bare-"), [name for name in PRESETS if name.startswith("bare-")]),
        (("transfer", "--set", "optimizer", "=", "l"), ["lbfgs"]),
        (("transfer", "--colors", "m"), ["matched"]),
        (("transfer", "--progress", "j"), ["json"]),
        (("transfer", "--start", "m"), ["mosaic"]),
        (("demo", "--style", ""), list(STYLES)),
        (("study", "run", "--pair", "photo", ":", "coffee,style", ":", "mo"), ["mosaic"]),
    ],
)
def test_bash_gets_what_follows_the_last_separator(parts: tuple[str, ...], expected: list[str]) -> None:
    assert complete(*parts) == expected


def test_split_words_are_joined() -> None:
    assert join_words(["a", "--set", "x.y", "=", "z", ""]) == ["a", "--set", "x.y=z", ""]
    assert join_words(["a", "photo", ":", "b,style", ":"]) == ["a", "photo:b,style:"]


def test_every_completed_value_is_accepted_by_some_kind_of_its_parent() -> None:
    """Fields of kinds are tried with every combination of kinds above them; another field may have to change, too."""

    def is_accepted(name: str, value: str) -> bool:
        parents = [".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 1)]
        choices: list[dict[str, object]] = [{}]
        for parent in parents:
            kinds = {kind for field, values in list_settings(Spec) if field == parent for kind in values}
            choices = [{**choice, parent: kind} for choice in choices for kind in kinds]
        for choice in choices:
            try:
                with_settings(Spec(), {**choice, name: parse_assignment(f"{name}={value}")[1]})
            except SpecError as error:
                if "has no field" in str(error) or f"{name} cannot be" in str(error):
                    continue
            return True
        return False

    settings = [(name, value) for name, values in list_settings(Spec) for value in values]
    assert ("network.weights", "gaussian") in settings
    assert [setting for setting in settings if not is_accepted(*setting)] == []


def test_a_field_is_followed_by_its_values() -> None:
    assert "network.weights.magnitude=" in complete_setting("network.weights.")
    assert "optimizer=adam" in complete_setting("optimizer=")
    assert complete_setting("nonsense") == []


def test_pairs_are_completed_in_two_steps() -> None:
    assert complete_pair("photo:") == [f"photo:{photo}," for photo in PHOTOS]
    assert complete_pair("x.jpg,style:s") == ["x.jpg,style:swirls"]
