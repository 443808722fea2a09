"""What a network is: its shape, its weights and biases, and which numbers in it were ever learned."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from barestyle.spec.validation import LARGEST, Frozen, Positive

DEPTH = 5
"""The paper's networks end at the fifth convolution, conv3_1 of VGG-19 (paper section 3)."""

VGG19_CHANNELS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512)
"""Channels of VGG-19's sixteen convolutions (Simonyan & Zisserman 2015, arXiv:1409.1556, table 1, E)."""

BASIC_SET_SIZES = {1: 4, 2: 6, 3: 8}
"""Single-channel kernels in each basic set (paper section 6.2)."""

STRATEGY_FACTORS = {1: 3, 2: 7, 3: 8, 4: 8}
"""RGB filters that each strategy makes of one single-channel kernel (paper section 6.2)."""


class PretrainedWeights(Frozen):
    """VGG-19's trained weights, as they are."""

    kind: Literal["pretrained"] = "pretrained"


class ShuffledWeights(Frozen):
    """VGG-19's trained weights, permuted within each layer (paper section 5.2, figure 4k)."""

    kind: Literal["shuffled"] = "shuffled"


class BinarizedWeights(Frozen):
    """VGG-19's trained weights as ±magnitude: above the layer's mean or not (paper section 5.3)."""

    kind: Literal["binarized"] = "binarized"
    magnitude: Positive = 0.1


class GaussianWeights(Frozen):
    """Weights drawn from N(0, std²).

    The best std of figure 4 is not in the paper's text; the default has the variance of the best uniform
    distribution, U(-0.1, 0.1): 0.1/√3.
    """

    kind: Literal["gaussian"] = "gaussian"
    std: Positive = 0.0577


class UniformWeights(Frozen):
    """Weights drawn from U(-half_width, half_width); 0.1 is the paper's best (section 5.2, figure 4h)."""

    kind: Literal["uniform"] = "uniform"
    half_width: Positive = 0.1


class BinaryWeights(Frozen):
    """Weights drawn from {-magnitude, magnitude}; 0.1 is the paper's best (section 5.3)."""

    kind: Literal["binary"] = "binary"
    magnitude: Positive = 0.1


class DiscreteWeights(Frozen):
    """Weights drawn from given levels: ternary, finer, asymmetric (paper section 5.3).

    `probabilities` belong to the levels in order; without them every level is equally likely.
    """

    kind: Literal["discrete"] = "discrete"
    levels: Annotated[tuple[Annotated[float, Field(ge=-LARGEST, le=LARGEST)], ...], Field(min_length=2)] = (
        -0.1,
        0.0,
        0.1,
    )
    probabilities: tuple[Annotated[float, Field(ge=0, le=1)], ...] | None = None

    @model_validator(mode="after")
    def _levels_differ_and_probabilities_fit(self) -> DiscreteWeights:
        if len(set(self.levels)) < len(self.levels):
            raise ValueError(f"levels {list(self.levels)} repeat a value; give each level once")
        if self.probabilities is None:
            return self
        if len(self.probabilities) != len(self.levels):
            raise ValueError(
                f"{len(self.probabilities)} probabilities for {len(self.levels)} levels; give one for each level"
            )
        if abs(sum(self.probabilities) - 1) > 1e-6:
            raise ValueError(f"probabilities sum to {sum(self.probabilities):g}; they have to sum to 1")
        return self


DrawnWeights = GaussianWeights | UniformWeights | BinaryWeights | DiscreteWeights
TrainedWeights = PretrainedWeights | ShuffledWeights | BinarizedWeights
RandomWeights = Annotated[DrawnWeights, Field(discriminator="kind")]
Weights = Annotated[TrainedWeights | DrawnWeights, Field(discriminator="kind")]


class PretrainedBias(Frozen):
    """VGG-19's trained biases, as they are."""

    kind: Literal["pretrained"] = "pretrained"


class ShuffledBias(Frozen):
    """VGG-19's trained biases, permuted within each layer (paper section 5.1, figure 3f)."""

    kind: Literal["shuffled"] = "shuffled"


class ZeroBias(Frozen):
    """No bias (paper section 5.1, figure 3d)."""

    kind: Literal["zero"] = "zero"


class ConstantBias(Frozen):
    """One bias for every channel; 0.5 is the paper's (section 5.1, figure 3e)."""

    kind: Literal["constant"] = "constant"
    value: Annotated[float, Field(ge=-LARGEST, le=LARGEST)] = 0.5


RandomBias = Annotated[ZeroBias | ConstantBias, Field(discriminator="kind")]
TrainedBias = PretrainedBias | ShuffledBias
Bias = Annotated[TrainedBias | ZeroBias | ConstantBias, Field(discriminator="kind")]


class MaxPooling(Frozen):
    """2x2 max-pooling after the named convolutions (and their ReLU), as in VGG-19."""

    kind: Literal["max"] = "max"
    after: tuple[Annotated[int, Field(ge=1)], ...] = (2, 4)


class AveragePooling(Frozen):
    """2x2 average-pooling after the named convolutions (Gatys et al. 2016 prefer it)."""

    kind: Literal["average"] = "average"
    after: tuple[Annotated[int, Field(ge=1)], ...] = (2, 4)


class NoPooling(Frozen):
    """No pooling (paper section 6.1)."""

    kind: Literal["none"] = "none"


Pooling = Annotated[MaxPooling | AveragePooling | NoPooling, Field(discriminator="kind")]
Activation = Literal["relu", "none"]
Padding = Literal["zeros", "reflect"]
ChannelCount = Annotated[int, Field(ge=1, le=4096)]


def _same_for_every_layer(value: Any) -> Any:
    return (value,) * DEPTH if isinstance(value, int) and not isinstance(value, bool) else value


class VGG(Frozen):
    """A plain stack of convolutions in VGG's shape; conv_i is the i-th, before its ReLU.

    `channels` lists every layer's; one number means five layers of that many ("no doubling"). `padding` says what
    lies around a picture: zeros at every convolution, as in the paper, or the picture itself, mirrored once as far
    as a tap sees. Of the first layer's filters the share `gabor` are Gabor filters, 5 pixels wide, and another share
    `zero_mean` has the mean of its weights subtracted, color by color; both answer to edges only, whatever the color
    is. `trained_file` (.safetensors or torchvision's .pth) is read only where weights or biases are trained ones;
    without it the file is looked for in $BARESTYLE_VGG19. `rescale` divides the trained layers so that each has mean
    activation 1 (as in Gatys' normalized VGG); "auto" does so only where the weights are far from that, as Oxford's
    original ones are and torchvision's, which the paper used, are not.
    """

    kind: Literal["vgg"] = "vgg"
    channels: Annotated[
        tuple[ChannelCount, ...],
        BeforeValidator(_same_for_every_layer),
        Field(
            min_length=1,
            max_length=16,
            description="takes a list of 1 to 16 whole numbers from 1 to 4096, or one such number for all five layers",
        ),
    ] = VGG19_CHANNELS[:DEPTH]
    kernel_size: Literal[2, 3] = 3
    padding: Padding = "zeros"
    pooling: Pooling = MaxPooling()
    activation: Activation = "relu"
    weights: Weights = BinaryWeights()
    bias: Bias = ConstantBias()
    gabor: Annotated[float, Field(ge=0, le=1)] = 0.0
    zero_mean: Annotated[float, Field(ge=0, le=1)] = 0.0
    trained_file: str | None = None
    rescale: bool | Literal["auto"] = "auto"

    @property
    def depth(self) -> int:
        """The number of convolutions."""
        return len(self.channels)

    @property
    def is_trained(self) -> bool:
        """Whether any number in the network was learned."""
        return isinstance(self.weights, TrainedWeights) or isinstance(self.bias, TrainedBias)

    @property
    def is_drawn(self) -> bool:
        """Whether a seed changes anything in the network."""
        return not isinstance(self.weights, PretrainedWeights | BinarizedWeights) or isinstance(self.bias, ShuffledBias)

    @model_validator(mode="after")
    def _pooling_lies_between_layers(self) -> VGG:
        check_pooling(self.pooling, self.depth)
        return self

    @model_validator(mode="after")
    def _trained_numbers_fit(self) -> VGG:
        if not self.is_trained:
            for name in ("trained_file", "rescale"):
                if getattr(self, name) not in (None, False, "auto"):
                    raise ValueError(
                        f"{name}={getattr(self, name)!r} has no effect on a network without trained numbers; "
                        "leave it out, or set weights or bias to pretrained"
                    )
            return self
        if self.kernel_size != 3 or self.channels != VGG19_CHANNELS[: self.depth]:
            raise ValueError(
                f"trained weights or biases need kernel_size 3 and VGG-19's channels "
                f"{list(VGG19_CHANNELS[: self.depth])}, not kernel_size {self.kernel_size} and "
                f"{list(self.channels)}; change these, or choose random weights and a constant bias"
            )
        return self

    @model_validator(mode="after")
    def _designed_filters_fit(self) -> VGG:
        for name in ("gabor", "zero_mean"):
            if getattr(self, name) and isinstance(self.weights, TrainedWeights):
                raise ValueError(
                    f"{name}={getattr(self, name):g} would change trained weights; leave it at 0, or choose random "
                    "weights"
                )
        if self.gabor + self.zero_mean > 1:
            raise ValueError(
                f"gabor={self.gabor:g} and zero_mean={self.zero_mean:g} are more than all filters; give shares that "
                "sum to at most 1"
            )
        if self.gabor and self.kernel_size != 3:
            raise ValueError(
                f"gabor={self.gabor:g} needs kernel_size 3, which can be centerd in a wider one, not "
                f"{self.kernel_size}; leave gabor at 0, or set kernel_size=3"
            )
        return self


class HandMade(Frozen):
    """A stack whose first layer is a designed bank of 2x2 kernels, and as wide throughout as that bank.

    The bank: a basic set of single-channel kernels, expanded to RGB by a strategy (paper section 6.2). The
    layers above it are drawn, 2x2 as well.
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
        """Every layer is as wide as the bank."""
        return (BASIC_SET_SIZES[self.basic_set] * STRATEGY_FACTORS[self.strategy],) * self.depth

    @property
    def is_drawn(self) -> bool:
        """Whether a seed changes anything in the network: the bank itself is the same for every seed."""
        return self.depth > 1

    @model_validator(mode="after")
    def _pooling_lies_between_layers(self) -> HandMade:
        check_pooling(self.pooling, self.depth)
        return self


class Pyramid(Frozen):
    """No depth: each level of an image pyramid through one shared convolution (paper section 6.3).

    Taps come after the ReLU and the optional pooling; tap i is the i-th level, 1 the full-size one.
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
        """The number of taps: one a level."""
        return self.levels

    @property
    def is_drawn(self) -> bool:
        """Whether a seed changes anything in the network: its one convolution is always drawn."""
        return True


Network = Annotated[VGG | HandMade | Pyramid, Field(discriminator="kind")]


def check_pooling(pooling: MaxPooling | AveragePooling | NoPooling, depth: int) -> None:
    """Refuse pooling that no tap would see, or that names a layer twice. Raises ValueError."""
    if isinstance(pooling, NoPooling):
        return
    if not pooling.after or len(set(pooling.after)) < len(pooling.after) or max(pooling.after) >= depth:
        raise ValueError(
            f"pooling.after={list(pooling.after)} does not fit {depth} layers; name each layer once, "
            f"from 1 to {depth - 1} (after the last one no tap would see it), or set pooling=none"
        )
