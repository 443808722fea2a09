"""The presets in words, and what the page can offer of a spec."""

from __future__ import annotations

from dataclasses import dataclass

from barestyle.presets import PRESETS, Preset
from barestyle.spec import VGG, LuminanceContentLoss, Spec


@dataclass(frozen=True)
class Choice:
    """A preset for people who paint: what it is called on the page, and what to expect of it."""

    title: str
    says: str


WORDS = {
    "bare": Choice("Balanced", "clear forms, strokes of every size: the one to begin with"),
    "bare-fast": Choice("Quick sketch", "a preview in a fraction of the time"),
    "bare-fine": Choice("Finely worked", "several times the work, for a picture to keep"),
    "paper": Choice("Grainy", "rough color over soft forms, as in the study that began it"),
    "npnd": Choice("Bold", "strong colors and dark edges; the forms stay"),
    "hand-made": Choice("Crisp", "sharp, engraved edges, from little patterns laid by hand"),
    "gaussian-pyramid": Choice("Smoke", "long soft flows in which the forms begin to dissolve"),
    "laplacian-pyramid": Choice("Ripples", "fine lines that run across the forms"),
}


def offered() -> dict[str, Preset]:
    """The presets that need no trained weights, by name, in their order."""
    return {name: preset for name, preset in PRESETS.items() if not is_trained(preset.spec)}


def title(name: str) -> str:
    """What a preset is called on the page; its own name where nobody has found words yet."""
    return WORDS[name].title if name in WORDS else name


def says(name: str) -> str:
    """One line on what to expect of a preset."""
    return WORDS[name].says if name in WORDS else PRESETS[name].summary


def is_trained(spec: Spec) -> bool:
    """Whether a spec needs a file of weights, which a page must not read from where a visitor says."""
    return isinstance(spec.network, VGG) and spec.network.is_trained


def takes_strength(spec: Spec) -> bool:
    """Whether a spec holds on to the photograph's forms, so that it can be said how much."""
    return isinstance(spec.content_loss, LuminanceContentLoss)
