"""Biases of a network's convolutions: trained, permuted, constant or zero."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import MAX_NUMBER, FrozenModel


class PretrainedBias(FrozenModel):
    """VGG-19's trained biases, unchanged."""

    kind: Literal["pretrained"] = "pretrained"


class ShuffledBias(FrozenModel):
    """VGG-19's trained biases, permuted within each layer (paper section 5.1, figure 3f)."""

    kind: Literal["shuffled"] = "shuffled"


class ZeroBias(FrozenModel):
    """No bias (paper section 5.1, figure 3d)."""

    kind: Literal["zero"] = "zero"


class ConstantBias(FrozenModel):
    """The same bias for every channel; the paper's is 0.5 (section 5.1, figure 3e)."""

    kind: Literal["constant"] = "constant"
    value: Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)] = 0.5


TrainedBias = PretrainedBias | ShuffledBias
RandomBias = Annotated[ZeroBias | ConstantBias, Field(discriminator="kind")]
Bias = Annotated[TrainedBias | ZeroBias | ConstantBias, Field(discriminator="kind")]
