"""Networks: their shape, weights and biases, and whether any number in them was trained."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from barestyle.spec.bias import Bias, ConstantBias, RandomBias, ShuffledBias, TrainedBias
from barestyle.spec.pooling import MaxPooling, NoPooling, Pooling, check_pooling
from barestyle.spec.validation import FrozenModel, Positive
from barestyle.spec.weights import (
    BinarizedWeights,
    BinaryWeights,
    PretrainedWeights,
    RandomWeights,
    TrainedWeights,
    Weights,
)

DEPTH = 5
"""Number of convolutions in the paper's networks, which end at conv3_1 of VGG-19 (paper section 3)."""

VGG19_CHANNELS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512)
"""Channels of VGG-19's sixteen convolutions (Simonyan & Zisserman 2015, arXiv:1409.1556, table 1, E)."""

BASIC_SET_SIZES = {1: 4, 2: 6, 3: 8}
"""Single-channel kernels in each basic set (paper section 6.2)."""

STRATEGY_FACTORS = {1: 3, 2: 7, 3: 8, 4: 8}
"""RGB filters that each strategy makes of one single-channel kernel (paper section 6.2)."""

Activation = Literal["relu", "none"]
Padding = Literal["zeros", "reflect"]
ChannelCount = Annotated[int, Field(ge=1, le=4096)]
Fraction = Annotated[float, Field(ge=0, le=1)]


def _repeat_for_every_layer(value: Any) -> Any:
    return (value,) * DEPTH if isinstance(value, int) and not isinstance(value, bool) else value


class VGG(FrozenModel):
    """A stack of convolutions in VGG's shape; layer i is the output of convolution i, before its ReLU.

    `channels` lists the channels of every layer; a single number means five layers of that many. `padding` says how
    image borders are handled: "zeros" pads every convolution, as in the paper; "reflect" mirrors the image once, as far
    as the deepest layer sees. `gabor_fraction` of the first layer's filters are 5x5 Gabor filters of lightness, and
    from `zero_mean_fraction` of them the mean is subtracted, color by color; both respond to edges only, not to flat
    color. `trained_file` (.safetensors or torchvision's .pth) is read only if weights or biases are trained; without it
    the file is taken from $BARESTYLE_VGG19 or the cache. `rescale` divides the trained layers so that each has
    mean activation 1 (as in Gatys' normalized VGG); "auto" does so only if the weights are far from that, as Oxford's
    original ones are; torchvision's, which the paper used, are not.
    """

    kind: Literal["vgg"] = "vgg"
    channels: Annotated[
        tuple[ChannelCount, ...],
        BeforeValidator(_repeat_for_every_layer),
        Field(
            min_length=1,
            max_length=16,
            description="a list of 1 to 16 whole numbers from 1 to 4096, or one such number for all five layers",
        ),
    ] = VGG19_CHANNELS[:DEPTH]
    kernel_size: Literal[2, 3] = 3
    padding: Padding = "zeros"
    pooling: Pooling = MaxPooling()
    activation: Activation = "relu"
    weights: Weights = BinaryWeights()
    bias: Bias = ConstantBias()
    gabor_fraction: Fraction = 0.0
    zero_mean_fraction: Fraction = 0.0
    trained_file: str | None = None
    rescale: bool | Literal["auto"] = "auto"

    @property
    def depth(self) -> int:
        """Number of convolutions."""
        return len(self.channels)

    @property
    def is_trained(self) -> bool:
        """Whether any number in the network was trained."""
        return isinstance(self.weights, TrainedWeights) or isinstance(self.bias, TrainedBias)

    @property
    def is_random(self) -> bool:
        """Whether the network depends on the seed."""
        return not isinstance(self.weights, PretrainedWeights | BinarizedWeights) or isinstance(self.bias, ShuffledBias)

    @model_validator(mode="after")
    def _check_pooling(self) -> VGG:
        check_pooling(self.pooling, self.depth)
        return self

    @model_validator(mode="after")
    def _check_trained(self) -> VGG:
        if not self.is_trained:
            for name in ("trained_file", "rescale"):
                if getattr(self, name) not in (None, False, "auto"):
                    raise ValueError(
                        f"{name}={getattr(self, name)!r} has no effect on a network without trained weights or biases; "
                        "leave it out, or set weights or bias to pretrained"
                    )
            return self
        remedy = "or choose random weights and a constant bias"
        if self.kernel_size != 3:
            raise ValueError(
                f"trained weights or biases need kernel_size 3, not {self.kernel_size}; change it, {remedy}"
            )
        if self.channels != VGG19_CHANNELS[: self.depth]:
            raise ValueError(
                f"trained weights or biases need VGG-19's channels {list(VGG19_CHANNELS[: self.depth])}, "
                f"not {list(self.channels)}; change them, {remedy}"
            )
        return self

    @model_validator(mode="after")
    def _check_designed_filters(self) -> VGG:
        for name in ("gabor_fraction", "zero_mean_fraction"):
            if getattr(self, name) and isinstance(self.weights, TrainedWeights):
                raise ValueError(
                    f"{name}={getattr(self, name):g} would change trained weights; set it to 0, or choose random "
                    "weights"
                )
        if self.gabor_fraction + self.zero_mean_fraction > 1:
            raise ValueError(
                f"gabor_fraction={self.gabor_fraction:g} and zero_mean_fraction={self.zero_mean_fraction:g} sum to "
                "more than 1; choose fractions that sum to at most 1"
            )
        if self.gabor_fraction and self.kernel_size != 3:
            raise ValueError(
                f"gabor_fraction={self.gabor_fraction:g} needs kernel_size 3, not {self.kernel_size}, because a kernel "
                "of even size has no center; set gabor_fraction to 0, or kernel_size to 3"
            )
        return self


class HandMade(FrozenModel):
    """A stack whose first layer is a designed bank of 2x2 kernels; all layers have as many channels as the bank.

    The bank is a basic set of single-channel kernels, expanded to RGB by a strategy (paper section 6.2). The
    2x2 kernels of the layers above are random.
    """

    kind: Literal["hand-made"] = "hand-made"
    basic_set: Literal[1, 2, 3] = 3
    strategy: Literal[1, 2, 3, 4] = 3
    magnitude: Positive = 0.1
    depth: Annotated[int, Field(ge=1, le=16)] = DEPTH
    padding: Padding = "zeros"
    pooling: Pooling = NoPooling()
    activation: Activation = "relu"
    weights: RandomWeights = BinaryWeights()
    bias: RandomBias = ConstantBias()

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of every layer: the number of filters in the bank."""
        return (BASIC_SET_SIZES[self.basic_set] * STRATEGY_FACTORS[self.strategy],) * self.depth

    @property
    def is_random(self) -> bool:
        """Whether the network depends on the seed; the bank does not, the layers above it do."""
        return self.depth > 1

    @model_validator(mode="after")
    def _check_pooling(self) -> HandMade:
        check_pooling(self.pooling, self.depth)
        return self


class Pyramid(FrozenModel):
    """An image pyramid without depth: every level goes through the same single convolution (paper section 6.3).

    Layer i is level i of the pyramid after the ReLU and the optional pooling; level 1 has the full size.
    """

    kind: Literal["pyramid"] = "pyramid"
    bands: Literal["gaussian", "laplacian"] = "gaussian"
    levels: Annotated[int, Field(ge=1, le=8)] = 5
    channels: ChannelCount = 64
    kernel_size: Literal[2, 3] = 3
    padding: Padding = "zeros"
    pooling: Literal["none", "max", "average"] = "none"
    activation: Activation = "relu"
    weights: RandomWeights = BinaryWeights()
    bias: RandomBias = ConstantBias()

    @property
    def depth(self) -> int:
        """Number of levels, which is the number of layers a loss can use."""
        return self.levels

    @property
    def is_random(self) -> bool:
        """Whether the network depends on the seed: always, as its convolution is random."""
        return True


Network = Annotated[VGG | HandMade | Pyramid, Field(discriminator="kind")]
