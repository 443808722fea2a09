"""The interface of a metric: its inputs, and how its values are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import Tensor

from barestyle.spec import Spec

Scale = Literal["distance", "similarity"]
"""How values are compared: distances by their ratio, that is, by the difference of their logarithms, and lower is
better; similarities by their difference, and higher is better."""


@dataclass(frozen=True)
class MetricInputs:
    """A result and the two images it was made from, each (1, 3, H, W) in 0..1, sRGB, on the CPU.

    Attributes:
        result: the result.
        content: the content, at the result's size.
        style: the style, with the result's long side.
        weights: a file of trained VGG-19 weights, or None.
    """

    result: Tensor = field(repr=False)
    content: Tensor = field(repr=False)
    style: Tensor = field(repr=False)
    weights: Path | None = None


@dataclass(frozen=True)
class Metric:
    """A number for a result.

    Attributes:
        name: used in tables and on the command line.
        label: one line on what is measured, with its unit.
        reference: the image that the result is compared with.
        scale: how values are compared.
        compute: the function of the inputs.
        needs: what must be installed or given ("trained weights", a package); "" if nothing.
        favors: tells whether the metric is (nearly) the objective that a run of this spec optimizes.
    """

    name: str
    label: str
    reference: Literal["content", "style"]
    scale: Scale
    compute: Callable[[MetricInputs], float]
    needs: Literal["", "trained weights", "plenoptic"] = ""
    favors: Callable[[Spec], bool] = lambda spec: False

    @property
    def better(self) -> Literal["higher", "lower"]:
        """The direction of better values."""
        return "higher" if self.scale == "similarity" else "lower"
