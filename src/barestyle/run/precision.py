"""Precision: which one a run uses, networks in it, and the check that bfloat16 is still accurate enough."""

from __future__ import annotations

import copy
import math
from typing import Literal, cast, get_args

import torch
from torch import Tensor

from barestyle.errors import SpecError
from barestyle.hardware import devices
from barestyle.networks import Network
from barestyle.optimize.inner_product import WHOLE, InnerProduct
from barestyle.spec import PaperLBFGS, Spec

StagePrecision = Literal["float32", "bf16"]
"""The precision of one stage of a run."""

Precision = Literal["float32", "bf16", "mixed"]
"""The precision of a run; mixed begins in bf16 and ends in float32."""

DTYPES = {"float32": torch.float32, "bf16": torch.bfloat16}

FLOAT32_FRACTION = 0.25
"""Share of the finest scale's steps that mixed precision takes in float32."""

CHECK_EVERY = 20
"""Steps of a stage between two checks of bfloat16's gradient in mixed precision.

The first check is at the first step in bfloat16, at one of the smaller scales: one at full size would take as long as
three of its evaluations, and a network that is inaccurate at one scale is so at all.
"""

MIN_COSINE = 0.5
"""Least cosine of the bf16 and float32 gradients; below it mixed precision switches to float32.

The bf16 gradient only has to point downhill; docs/performance.md has the cosines of real runs.
"""


def choose_precision(name: str, spec: Spec, device: torch.device) -> Precision:
    """Return the precision of a run for `auto`, `float32`, `bf16` or `mixed`.

    `auto` is mixed on a device with fast bf16, and float32 elsewhere and for the paper's optimizer. Raises SpecError.
    """
    is_paper = isinstance(spec.optimizer, PaperLBFGS)
    if name == "auto":
        return "mixed" if devices.has_fast_bf16(device) and not is_paper else "float32"
    if name == "mixed" and is_paper:
        raise SpecError(
            "precision=mixed does not work with optimizer=paper-lbfgs, which cannot change its precision during a run; "
            "use float32 or bf16, or optimizer=lbfgs"
        )
    if name not in get_args(Precision):
        raise SpecError(f"precision cannot be {name!r}; it must be one of auto, {', '.join(get_args(Precision))}")
    return cast(Precision, name)


def cast_network(network: Network, precision: StagePrecision) -> Network:
    """Return the network itself if it has this precision, or else a copy with its weights in it."""
    if network.dtype == DTYPES[precision]:
        return network
    return copy.deepcopy(network).to(DTYPES[precision])


def is_check_due(step: int, *, checked: bool) -> bool:
    """Return whether bfloat16's gradient is checked at this step of a stage; `checked` tells if it ever was."""
    return not checked or (step > 0 and step % CHECK_EVERY == 0)


def is_accurate(narrow: Tensor, accurate: Tensor, inner: InnerProduct = WHOLE) -> bool:
    """Return whether a bf16 gradient is close enough to the float32 gradient at the same image."""
    return gradient_cosine(narrow, accurate, inner) >= MIN_COSINE


def gradient_cosine(first: Tensor, second: Tensor, inner: InnerProduct = WHOLE) -> float:
    """Return the cosine of the angle between two gradients of the same shape; 0 if one of them is zero."""
    # Moved to the CPU first, because not every device has float64.
    one, other = (gradient.flatten().cpu().double() for gradient in (first, second))
    lengths = math.sqrt(inner(one, one) * inner(other, other))
    return inner(one, other) / lengths if lengths else 0.0
