"""Specs and masks that the tests of a run share; they paint in about a second."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from barestyle import Spec, preset, with_settings


def change(spec: Spec, defaults: dict[str, Any], settings: dict[str, Any]) -> Spec:
    """Return the spec with default settings and others, whose names have `__` for a dot."""
    return with_settings(spec, {**defaults, **{name.replace("__", "."): value for name, value in settings.items()}})


def quick_spec(name: str, **settings: Any) -> Spec:
    """A preset at 64 pixels and one scale, with as few steps as it takes to paint something."""
    spec = preset(name).spec
    if spec.optimizer.kind == "paper-lbfgs":
        steps = {"optimizer.steps": 1, "optimizer.iterations_per_step": 4}
    else:
        steps = {"optimizer.steps": 3}
    return change(spec, {"size": 64, "scales": "single", **steps}, settings)


def input_spec(name: str = "npnd", **settings: Any) -> Spec:
    """A preset at 64 pixels with 8 channels and 8 steps, enough for each input to show in the picture."""
    defaults = {"optimizer.steps": 8, "optimizer.tolerance": 0, "network.channels": 8, "size": 64}
    if name == "bare":
        defaults["scales.finest_steps"] = 4
    return change(preset(name).spec, defaults, settings)


def small_spec(**settings: Any) -> Spec:
    """A network of 6 channels at 96 pixels, large enough for two scales."""
    return change(preset("npnd").spec, {"network.channels": 6, "size": 96, "optimizer.steps": 4}, settings)


def mask(*, left: float = 1.0, right: float = 0.0) -> Image.Image:
    """Two halves, 64 x 48."""
    values = np.full((48, 64), left)
    values[:, 32:] = right
    return Image.fromarray(np.rint(values * 255).astype(np.uint8))
