"""Looks: the presets that the page offers, and what it can adjust in a spec."""

from __future__ import annotations

from barestyle.presets import PRESETS, Preset
from barestyle.spec import VGG, LuminanceContentLoss, Spec


def needs_trained_weights(spec: Spec) -> bool:
    """Return whether a spec needs a weights file. The page has no option to name one."""
    return isinstance(spec.network, VGG) and spec.network.is_trained


def has_strength(spec: Spec) -> bool:
    """Return whether a spec has a loss on the content's lightness, whose weight is the strength."""
    return isinstance(spec.content_loss, LuminanceContentLoss)


LOOKS: dict[str, Preset] = {name: preset for name, preset in PRESETS.items() if not needs_trained_weights(preset.spec)}
"""The presets that need no trained weights, by name."""
