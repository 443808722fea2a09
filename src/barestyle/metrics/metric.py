"""What a metric is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import Tensor

from barestyle.spec import Spec


@dataclass(frozen=True)
class MetricInputs:
    """A result and the two pictures that it came from, each (1, 3, H, W) in 0..1, sRGB, on the CPU.

    `content` has the result's size; `style` has its long side. `weights` is a file of trained VGG-19, or None.
    """

    result: Tensor = field(repr=False)
    content: Tensor = field(repr=False)
    style: Tensor = field(repr=False)
    weights: Path | None = None


@dataclass(frozen=True)
class Metric:
    """A number for a result.

    Attributes:
        name: for tables and the command line.
        label: one line on what it measures, with its unit.
        of: which picture the result is compared with.
        better: the direction in which results get better.
        measure: Judged to a float.
        needs: why it may be left out of a score ("trained weights", a package); empty where it never is.
        favors: whether the metric would grade a run of this spec by (nearly) its own objective.
    """

    name: str
    label: str
    of: Literal["content", "style"]
    better: Literal["higher", "lower"]
    measure: Callable[[MetricInputs], float]
    needs: Literal["", "trained weights", "plenoptic"] = ""
    favors: Callable[[Spec], bool] = lambda spec: False
