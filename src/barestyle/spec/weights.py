"""Distributions of a network's weights: trained, derived from trained ones, or random."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from barestyle.spec.validation import MAX_NUMBER, FrozenModel, Positive


class PretrainedWeights(FrozenModel):
    """VGG-19's trained weights, unchanged."""

    kind: Literal["pretrained"] = "pretrained"


class ShuffledWeights(FrozenModel):
    """VGG-19's trained weights, permuted within each layer (paper section 5.2, figure 4k)."""

    kind: Literal["shuffled"] = "shuffled"


class BinarizedWeights(FrozenModel):
    """VGG-19's trained weights as ±magnitude: positive above the layer's mean, negative otherwise (section 5.3)."""

    kind: Literal["binarized"] = "binarized"
    magnitude: Positive = 0.1


class GaussianWeights(FrozenModel):
    """Weights drawn from N(0, std²).

    The paper's text does not name the best std of figure 4. The default has the variance of the best uniform
    distribution, U(-0.1, 0.1): 0.1/√3.
    """

    kind: Literal["gaussian"] = "gaussian"
    std: Positive = 0.0577


class UniformWeights(FrozenModel):
    """Weights drawn from U(-half_width, half_width); 0.1 is the paper's best (section 5.2, figure 4h)."""

    kind: Literal["uniform"] = "uniform"
    half_width: Positive = 0.1


class BinaryWeights(FrozenModel):
    """Weights drawn from {-magnitude, magnitude}; 0.1 is the paper's best (section 5.3)."""

    kind: Literal["binary"] = "binary"
    magnitude: Positive = 0.1


class DiscreteWeights(FrozenModel):
    """Weights drawn from given levels, such as ternary, finer or asymmetric ones (paper section 5.3).

    `probabilities` has one number for each level, in the same order; without it all levels are equally likely.
    """

    kind: Literal["discrete"] = "discrete"
    levels: Annotated[tuple[Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)], ...], Field(min_length=2)] = (
        -0.1,
        0.0,
        0.1,
    )
    probabilities: tuple[Annotated[float, Field(ge=0, le=1)], ...] | None = None

    @model_validator(mode="after")
    def _check_levels(self) -> DiscreteWeights:
        if len(set(self.levels)) < len(self.levels):
            raise ValueError(f"levels {list(self.levels)} repeat a value; give each level once")
        if self.probabilities is None:
            return self
        if len(self.probabilities) != len(self.levels):
            raise ValueError(
                f"there are {len(self.probabilities)} probabilities for {len(self.levels)} levels; give one for each "
                "level"
            )
        if abs(sum(self.probabilities) - 1) > 1e-6:
            raise ValueError(f"probabilities sum to {sum(self.probabilities):g}; they must sum to 1")
        return self


DrawnWeights = GaussianWeights | UniformWeights | BinaryWeights | DiscreteWeights
TrainedWeights = PretrainedWeights | ShuffledWeights | BinarizedWeights
RandomWeights = Annotated[DrawnWeights, Field(discriminator="kind")]
Weights = Annotated[TrainedWeights | DrawnWeights, Field(discriminator="kind")]
