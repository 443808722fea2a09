"""Weights and biases of convolutions: random, or derived from trained ones."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.spec import (
    BinarizedWeights,
    BinaryWeights,
    ConstantBias,
    GaussianWeights,
    PretrainedBias,
    ShuffledBias,
    ShuffledWeights,
    UniformWeights,
    ZeroBias,
)
from barestyle.spec.weights import DrawnWeights, TrainedWeights

GABOR_SIDE = 5
"""Width and height of a Gabor filter in pixels."""

SHORTEST_WAVE, LONGEST_WAVE = 2.2, 5.0
"""Pixels: the shortest wave is a little longer than the finest pattern, 2 pixels; the longest fills the kernel."""

ENVELOPE = 0.45
"""Standard deviation of the Gaussian envelope in wavelengths: about one cycle is visible."""

PLASTIC_NUMBER = 1.324717957244746
"""Multiples of its inverse and of its inverse square, modulo 1, are spread evenly over a square (the R2 sequence)."""


def draw_weights(spec: DrawnWeights, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Return random weights of `shape`, float32; the generator is the only source of randomness (sections 5.2, 5.3)."""
    if isinstance(spec, GaussianWeights):
        return torch.randn(shape, generator=generator) * spec.std
    if isinstance(spec, UniformWeights):
        return (torch.rand(shape, generator=generator) * 2 - 1) * spec.half_width
    if isinstance(spec, BinaryWeights):
        return _draw_levels((-spec.magnitude, spec.magnitude), None, shape, generator)
    return _draw_levels(spec.levels, spec.probabilities, shape, generator)


def _draw_levels(
    levels: tuple[float, ...],
    probabilities: tuple[float, ...] | None,
    shape: tuple[int, ...],
    generator: torch.Generator,
) -> Tensor:
    """Draw levels independently, by inverting the cumulative distribution of their probabilities."""
    chances = probabilities or (1 / len(levels),) * len(levels)
    thresholds = torch.tensor(chances, dtype=torch.float64).cumsum(0)[:-1]
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64)
    return torch.tensor(levels)[torch.bucketize(uniform, thresholds, right=True)]


def transform_trained(spec: TrainedWeights, weights: Tensor, generator: torch.Generator) -> Tensor:
    """Return one layer's trained weights unchanged, permuted within the layer, or binarized (sections 5.2, 5.3)."""
    if isinstance(spec, ShuffledWeights):
        return permute(weights, generator)
    if isinstance(spec, BinarizedWeights):
        return torch.where(weights > weights.mean(), spec.magnitude, -spec.magnitude)
    return weights


def subtract_mean(weights: Tensor, count: int) -> Tensor:
    """Subtract from the first `count` filters (c_out, c_in, k, k) the mean over their k x k weights."""
    means = weights[:count].mean((2, 3), keepdim=True)
    return torch.cat((weights[:count] - means, weights[count:]))


def insert_gabor(weights: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Replace the first `count` RGB filters (c_out, 3, k, k) by Gabor filters of lightness, of the same norm.

    The result has filters of GABOR_SIDE x GABOR_SIDE; the others are padded with zeros. A Gabor filter is a wave under
    a Gaussian (Daugman 1985, doi:10.1364/JOSAA.2.001160), here with its mean subtracted and equal in all three colors.
    Orientations are equally spaced, wavelengths and phases are spread by a low-discrepancy sequence; only the offsets
    of all three are random, so that every seed has a bank of the same quality.
    """
    margin = (GABOR_SIDE - weights.shape[-1]) // 2
    norms = weights[:count].flatten(2).norm(dim=2)
    angle_offset, wave_offset, phase_offset = torch.rand(3, generator=generator)
    number = torch.arange(count).view(-1, 1, 1)
    angle = math.pi * (number + angle_offset) / count
    wave = (wave_offset + number / PLASTIC_NUMBER) % 1
    wavelength = SHORTEST_WAVE + (LONGEST_WAVE - SHORTEST_WAVE) * wave
    phase = phase_offset + number / PLASTIC_NUMBER**2
    at = torch.arange(GABOR_SIDE) - (GABOR_SIDE - 1) / 2
    y, x = torch.meshgrid(at, at, indexing="ij")
    along = x * angle.cos() + y * angle.sin()
    envelope = (-(x * x + y * y) / (2 * (ENVELOPE * wavelength) ** 2)).exp()
    kernels = envelope * (2 * math.pi * (along / wavelength + phase)).cos()
    kernels = kernels - kernels.mean((1, 2), keepdim=True)
    kernels = kernels / kernels.flatten(1).norm(dim=1).view(-1, 1, 1)
    gabor = norms.view(count, 3, 1, 1) * kernels.unsqueeze(1)
    return torch.cat((gabor, F.pad(weights[count:], (margin,) * 4)))


def build_biases(
    spec: PretrainedBias | ShuffledBias | ZeroBias | ConstantBias,
    channels: int,
    trained: Tensor | None,
    generator: torch.Generator,
) -> Tensor:
    """Return one layer's biases, shape (channels,); trained kinds need `trained` (section 5.1)."""
    if isinstance(spec, ZeroBias):
        return torch.zeros(channels)
    if isinstance(spec, ConstantBias):
        return torch.full((channels,), spec.value)
    if trained is None:
        raise ValueError("this spec needs trained biases; load them with networks.vgg19.load_layers")
    return permute(trained, generator) if isinstance(spec, ShuffledBias) else trained


def permute(values: Tensor, generator: torch.Generator) -> Tensor:
    """Return the same numbers in a random order and the same shape."""
    return values.flatten()[torch.randperm(values.numel(), generator=generator)].view_as(values)
