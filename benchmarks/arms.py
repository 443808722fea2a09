"""Arms: specs that are compared with each other, by name."""

from __future__ import annotations

from pathlib import Path

from barestyle import Spec, preset, with_settings
from barestyle.spec import VGG

EVALUATIONS = 100
STRENGTHS = (0.4, 0.5, 0.7, 0.85, 1.0)
TRAINED = "VGG-19"
"""The arm with the trained network."""


def build_specs(weights: Path | None, size: int) -> dict[str, Spec]:
    """Return the specs of the arms by name; without weights there is no TRAINED."""
    base = {"size": size, "optimizer": "lbfgs", "optimizer.steps": EVALUATIONS - 2, "optimizer.tolerance": 0}
    arms = {"paper": with_settings(preset("paper").spec, base), "npnd": with_settings(preset("npnd").spec, base)}
    for strength in STRENGTHS:
        settings = {"size": size, "content_loss.strength": strength}
        arms[f"bare {strength:g}"] = with_settings(preset("bare").spec, settings)
    if weights is not None:
        trained = {**base, "content_loss": "none", "network.trained_file": str(weights)}
        arms[TRAINED] = with_settings(preset("paper-original").spec, trained)
    return arms


def count_seeds(spec: Spec, seeds: int) -> int:
    """Return the number of seeds of an arm: 1 if its network does not depend on the seed."""
    return 1 if isinstance(spec.network, VGG) and not spec.network.is_random else seeds
