"""The presets in words, and what the page can offer of a spec."""

from __future__ import annotations

from barestyle.presets import PRESETS, Preset
from barestyle.spec import VGG, LuminanceContentLoss, Spec


def offered() -> dict[str, Preset]:
    """The presets that need no trained weights, by name, in their order."""
    return {name: preset for name, preset in PRESETS.items() if not is_trained(preset.spec)}


def title(name: str) -> str:
    """Return a preset's name on the page."""
    return PRESETS[name].title


def says(name: str) -> str:
    """Return one line on how a preset's results look."""
    return PRESETS[name].description


def is_trained(spec: Spec) -> bool:
    """Whether a spec needs a file of weights, which a page must not read from where a visitor says."""
    return isinstance(spec.network, VGG) and spec.network.is_trained


def takes_strength(spec: Spec) -> bool:
    """Whether a spec holds on to the photograph's forms, so that it can be said how much."""
    return isinstance(spec.content_loss, LuminanceContentLoss)
