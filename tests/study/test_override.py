"""Overrides of a study's fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from barestyle.errors import BarestyleError
from barestyle.study.declaration import Pair
from barestyle.study.override import override
from barestyle.study.yaml_loader import load


def test_nothing_to_override_returns_an_equal_study() -> None:
    assert override(load("paper")) == load("paper")


def test_fields_are_replaced() -> None:
    study = load("fig8")
    changed = override(study, size=64, seeds=[5], pairs=[("a.png", "b.png")], optimizers=["robust"])
    assert (changed.size, changed.seeds, changed.pairs) == (64, (5,), (Pair(content="a.png", style="b.png"),))
    assert changed.optimizers == study.optimizers[1:]
    assert (changed.study, changed.figures) == (study.study, study.figures)


def test_seeds_are_those_of_every_variant_and_looks_fit_the_pairs(study_file: Path) -> None:
    pairs = [(f"{number}.png", "style.png") for number in range(8)]
    study = override(load("fig8"), pairs=pairs).model_copy(
        update={"looks": (4, 8), "variant_seeds": {"gaussian-pyramid": (0, 1)}}
    )
    changed = override(study, seeds=[7], pairs=pairs[:5])
    assert (changed.seeds, changed.variant_seeds, changed.looks) == ((7,), {}, (4,))
    assert override(study, pairs=pairs[:2]).looks == ()


def test_steps_replace_those_of_every_optimizer_and_variant(study_file: Path) -> None:
    text = study_file.read_text()
    overrides = "overrides: {eight: {optimizer.steps: 1, style_loss.weight: 2}}"
    study_file.write_text(text.replace("optimizer.steps: 2}}", f"optimizer.steps: 2}}, {overrides}}}"))
    changed = override(load(str(study_file)), steps=7)
    specs = {variant.variant: changed.build_spec(variant, changed.optimizers[0]) for variant in changed.variants}
    assert {spec.optimizer.steps for spec in specs.values()} == {7}
    assert changed.optimizers[0].overrides == {"eight": {"style_loss.weight": 2}}, "other overrides remain"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 3}, "study 'fig8': size"),
        ({"seeds": [1, 1]}, "study 'fig8': seeds name '1' twice"),
        ({"seeds": []}, "study 'fig8': seeds"),
        ({"optimizers": ["sgd"]}, "study 'fig8' has no optimizer 'sgd'; its optimizers are paper, robust"),
    ],
)
def test_invalid_values_are_refused_in_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BarestyleError) as refusal:
        override(load("fig8"), **changes)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
