"""Distributions of weights: moments, support, permutations, and the equivalences between them."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from barestyle.networks import initialization as weights
from barestyle.spec import (
    BinarizedWeights,
    BinaryWeights,
    ConstantBias,
    DiscreteWeights,
    GaussianWeights,
    PretrainedBias,
    PretrainedWeights,
    ShuffledBias,
    ShuffledWeights,
    UniformWeights,
    ZeroBias,
)

SHAPE = (64, 64, 3, 3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_gaussian_passes_kolmogorov_smirnov() -> None:
    drawn = weights.draw_weights(GaussianWeights(std=0.02), SHAPE, generator())
    assert stats.kstest(drawn.flatten().numpy(), stats.norm(scale=0.02).cdf).pvalue > 0.01


def test_uniform_passes_kolmogorov_smirnov() -> None:
    drawn = weights.draw_weights(UniformWeights(half_width=0.3), SHAPE, generator())
    assert stats.kstest(drawn.flatten().numpy(), stats.uniform(-0.3, 0.6).cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (BinaryWeights(magnitude=0.2), {-0.2: 0.5, 0.2: 0.5}),
        (DiscreteWeights(levels=(-0.1, 0.0, 0.1)), {-0.1: 1 / 3, 0.0: 1 / 3, 0.1: 1 / 3}),
        (DiscreteWeights(levels=(-0.1, 0.3), probabilities=(0.75, 0.25)), {-0.1: 0.75, 0.3: 0.25}),
        (DiscreteWeights(levels=(0.3, -0.1, 0.0), probabilities=(0.2, 0.8, 0.0)), {0.3: 0.2, -0.1: 0.8}),
    ],
)
def test_levels_have_their_probabilities(spec: BinaryWeights | DiscreteWeights, expected: dict[float, float]) -> None:
    drawn = weights.draw_weights(spec, SHAPE, generator())
    values, counts = drawn.unique(return_counts=True)  # type: ignore[no-untyped-call]
    assert values.tolist() == pytest.approx(sorted(expected))
    chances = [expected[level] for level in sorted(expected)]
    assert stats.chisquare(counts.numpy(), [chance * drawn.numel() for chance in chances]).pvalue > 0.01


def test_binary_is_the_discrete_distribution_of_two_levels() -> None:
    binary = weights.draw_weights(BinaryWeights(magnitude=0.1), SHAPE, generator(4))
    discrete = weights.draw_weights(DiscreteWeights(levels=(-0.1, 0.1)), SHAPE, generator(4))
    assert torch.equal(binary, discrete)


def test_random_weights_depend_on_the_generator_only() -> None:
    torch.manual_seed(1)
    first = weights.draw_weights(GaussianWeights(), SHAPE, generator(4))
    torch.manual_seed(2)
    assert torch.equal(first, weights.draw_weights(GaussianWeights(), SHAPE, generator(4)))
    assert not torch.equal(first, weights.draw_weights(GaussianWeights(), SHAPE, generator(5)))


def test_trained_weights_are_unchanged_permuted_or_binarized() -> None:
    trained = torch.randn(8, 4, 3, 3, generator=generator()) + 0.5
    assert weights.transform_trained(PretrainedWeights(), trained, generator()) is trained
    shuffled = weights.transform_trained(ShuffledWeights(), trained, generator())
    assert not torch.equal(shuffled, trained)
    assert torch.equal(shuffled.flatten().sort().values, trained.flatten().sort().values)
    binarized = weights.transform_trained(BinarizedWeights(magnitude=0.3), trained, generator())
    assert torch.equal(binarized, 0.3 * torch.sign(trained - trained.mean()))


def test_biases() -> None:
    trained = torch.arange(32.0)
    assert weights.build_biases(ZeroBias(), 32, None, generator()).tolist() == [0.0] * 32
    assert weights.build_biases(ConstantBias(value=-0.25), 32, None, generator()).tolist() == [-0.25] * 32
    assert weights.build_biases(PretrainedBias(), 32, trained, generator()) is trained
    shuffled = weights.build_biases(ShuffledBias(), 32, trained, generator())
    assert not torch.equal(shuffled, trained)
    assert torch.equal(shuffled.sort().values, trained)


def test_the_default_gaussian_has_the_variance_of_the_best_uniform() -> None:
    assert GaussianWeights().std == pytest.approx(UniformWeights().half_width / math.sqrt(3), rel=1e-3)
