"""The arms of a jury, from the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from barestyle import Spec, preset, with_settings
from barestyle.errors import SpecError
from barestyle.spec import VGG
from barestyle.spec.overrides import parse_assignment
from benchmarks.arms import TRAINED, build_specs
from benchmarks.jury.programs import Program, parse_program

Arm = Spec | Program

DEFAULT_ARMS = ("bare=bare", TRAINED)
NEXT_SETTING = re.compile(r",(?=[a-z_]+(?:\.[a-z_]+)*=)")
"""A comma before FIELD=; a comma inside a value is followed by something else."""


def build_arms(texts: Sequence[str], programs: Sequence[str], size: int, weights: Path | None) -> dict[str, Arm]:
    """Return arms by name, those of programs last.

    Each text is NAME=PRESET[,FIELD=VALUE...] or an arm of `build_specs`, each program NAME=COMMAND. Without either, the
    arms are DEFAULT_ARMS.

    Raises SpecError for an invalid text, fewer than two arms, or an arm whose trained weights are missing.
    """
    known = build_specs(weights, size)
    arms: dict[str, Arm] = {}
    if not texts and not programs:
        texts = DEFAULT_ARMS
    for text, is_program in [(text, False) for text in texts] + [(text, True) for text in programs]:
        name, equals, value = text.partition("=")
        if not re.fullmatch(r"\w[\w .+-]*", name):
            option = "--program" if is_program else "--arm"
            raise SpecError(f"{option} {text!r} has no valid name; write NAME=... with letters, digits, spaces, . + -")
        if name in arms:
            raise SpecError(f"there are two arms {name!r}; give them different names")
        if is_program:
            arms[name] = parse_program(value, size)
        elif equals:
            arms[name] = build_spec(value, size, weights)
        elif name in known:
            arms[name] = known[name]
        elif name == TRAINED:
            raise SpecError(f"the arm {TRAINED} needs trained weights; name a file with --weights FILE")
        else:
            raise SpecError(f"there is no arm {name!r}; write {name}=PRESET, or one of {', '.join(known)}")
    if len(arms) < 2:
        raise SpecError("a comparison needs two arms; give --arm or --program twice")
    return arms


def build_spec(text: str, size: int, weights: Path | None) -> Spec:
    """Return the spec of PRESET[,FIELD=VALUE...] at a size. Raises SpecError."""
    name, *settings = NEXT_SETTING.split(text)
    overrides = dict(map(parse_assignment, settings))
    if "size" in overrides:
        raise SpecError(f"the arm {text!r} sets size, but all arms have the same one; use --size")
    spec = with_settings(preset(name).spec, {**overrides, "size": size})
    if isinstance(spec.network, VGG) and spec.network.is_trained and spec.network.trained_file is None:
        if weights is None:
            raise SpecError(f"the arm {text!r} needs trained weights; name a file with --weights FILE")
        spec = with_settings(spec, {"network.trained_file": str(weights)})
    return spec


def parse_comparisons(texts: Sequence[str], arms: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of arms to compare: A:B for each text, or the first arm with each other one.

    Raises SpecError for a text that does not name two different arms.
    """
    if not texts:
        return [(arms[0], other) for other in arms[1:]]
    comparisons = []
    for text in texts:
        first, _, second = text.partition(":")
        if first not in arms or second not in arms or first == second:
            raise SpecError(f"--compare {text!r} does not name two arms; write A:B with arms of {', '.join(arms)}")
        comparisons.append((first, second))
    return comparisons
