"""Features against their definitions, and classifiers on data whose classes are known."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from barestyle.networks import build_network
from barestyle.presets import preset
from barestyle.probe.dataset import Dataset, Split
from barestyle.probe.features import MAX_CHANNELS, Featurizer, compute_moments

pytest.importorskip("sklearn", reason="scikit-learn is an extra")

from barestyle.probe.heads import train_heads
from barestyle.probe.linear import ALPHAS, _choose_alpha, draw_rows, measure_accuracy


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(12, 3, 24, 24, generator=torch.Generator().manual_seed(1))


def test_moments_are_those_of_each_image_alone(images: torch.Tensor) -> None:
    spec = preset("npnd").spec.network
    network = build_network(spec, seed=3, deepest_layer=5)
    moments = compute_moments(network, images, [1, 4])
    for i in (0, 11):
        maps = F.relu(network(images[i : i + 1])[4])[0].flatten(1).numpy()
        assert moments[4].means[i].numpy() == pytest.approx(maps.mean(axis=1), rel=1e-4)
        assert moments[4].covariances[i].numpy() == pytest.approx(np.cov(maps, bias=True), rel=1e-3, abs=1e-3)


def test_wide_layers_are_projected(images: torch.Tensor) -> None:
    network = build_network(preset("paper").spec.network, seed=0, deepest_layer=5)
    moments = compute_moments(network, images, [5])[5]
    assert moments.means.shape == (12, 256)
    assert moments.covariances.shape == (12, MAX_CHANNELS, MAX_CHANNELS)


def test_whitened_training_images_have_unit_covariance_on_average(images: torch.Tensor) -> None:
    network = build_network(preset("npnd").spec.network, seed=3, deepest_layer=1)
    moments = compute_moments(network, images, [1])[1]
    vectors = Featurizer("whitened", moments).transform(moments)
    channels = moments.means.shape[1]
    rows, columns = torch.triu_indices(channels, channels)
    mean = torch.zeros(channels, channels)
    mean[rows, columns] = vectors[:, channels:].mean(dim=0)
    eigenvalues = torch.linalg.eigvalsh(moments.covariances.mean(dim=0).double())
    kept = eigenvalues > 1e-3 * eigenvalues.mean()
    values = torch.linalg.eigvalsh((mean + mean.T - torch.diag(mean.diagonal())).double())
    assert values[-int(kept.sum()) :].numpy() == pytest.approx(1.0, abs=0.02)
    assert torch.equal(Featurizer("means", moments).transform(moments), moments.means)


def test_rows_are_even_over_classes_and_nested() -> None:
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    small, large = (draw_rows(labels, number, seed=4) for number in (12, 60))
    assert torch.bincount(labels[small]).tolist() == [4, 4, 4]
    assert small.tolist() == large[:12].tolist()
    assert len(set(large.tolist())) == 60
    assert draw_rows(labels, 12, seed=5).tolist() != small.tolist()


def make_points(number: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two classes that differ in the sign of the first of ten coordinates."""
    random = torch.Generator().manual_seed(seed)
    points = torch.randn(number, 10, generator=random)
    return points, (points[:, 0] > 0).long()


def test_a_linear_classifier_finds_a_linear_boundary_and_not_noise() -> None:
    train, test = make_points(400, 0), make_points(400, 1)
    assert min(measure_accuracy(train, test)) > 0.95
    shuffled = train[1][torch.randperm(400, generator=torch.Generator().manual_seed(2))]
    assert 0.35 < measure_accuracy((train[0], shuffled), test)[0] < 0.65


def test_a_classifier_of_two_images_works() -> None:
    train, test = make_points(40, 0), make_points(40, 1)
    rows = draw_rows(train[1], 2, seed=0)
    accuracy, validation = measure_accuracy((train[0][rows], train[1][rows]), test)
    assert 0 <= accuracy <= 1
    assert math.isnan(validation)


def test_the_penalty_is_chosen_by_images_of_every_class() -> None:
    """Ten classes in the order of `draw_rows`; many noisy features need a larger penalty than few good ones."""
    random = np.random.default_rng(0)
    labels = torch.arange(10).repeat(30)
    centers = random.normal(0, 3, (10, 5))
    good = torch.from_numpy(centers[labels] + random.normal(0, 1, (300, 5))).float()
    noisy = torch.cat((good, torch.from_numpy(random.normal(0, 1, (300, 400))).float()), dim=1)
    rows = draw_rows(labels, 300, seed=0)
    for features in (good, noisy):
        x, y = features[rows].numpy(), labels[rows].numpy()
        validation, alpha = _choose_alpha(x, y, ALPHAS)
        assert validation > 0.2, "not one of ten classes by chance"
        each = {one: _choose_alpha(x, y, [one])[0] for one in ALPHAS}
        assert each[alpha] == validation == max(each.values())
    assert _choose_alpha(noisy[rows].numpy(), labels[rows].numpy(), ALPHAS)[1] > 10


def make_stripes() -> Dataset:
    """Horizontal and vertical stripes, with noise."""
    random = torch.Generator().manual_seed(0)

    def draw(number: int) -> Split:
        labels = torch.arange(number) % 2
        wave = (torch.arange(24) // 2 % 2).float()
        horizontal, vertical = wave[None, :, None].expand(3, 24, 24), wave[None, None, :].expand(3, 24, 24)
        images = torch.stack([vertical if label else horizontal for label in labels.tolist()])
        return Split((images * 0.4 + torch.rand(images.shape, generator=random) * 0.6), labels)

    return Dataset("stripes", ("horizontal", "vertical"), draw(60), draw(40))


@pytest.mark.parametrize("name", ["npnd", "pixels"])
def test_a_head_learns_stripes_and_leaves_the_network_alone(name: str) -> None:
    data = make_stripes()
    network = None if name == "pixels" else build_network(preset(name).spec.network, seed=0, deepest_layer=2)
    before = [parameter.clone() for parameter in network.state_dict().values()] if network else []
    rows, validation = torch.arange(50), torch.arange(50, 60)
    shares = [train_heads(network, [2], data, rows, validation, epochs=6, seed=1) for _ in range(2)]
    assert min(shares[0][0]) > 0.8
    assert shares[0] == shares[1], "the same seed gives the same head"
    after = list(network.state_dict().values()) if network else []
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))


def test_heads_of_several_layers_are_those_of_each_layer_alone() -> None:
    data = make_stripes()
    network = build_network(preset("npnd").spec.network, seed=0, deepest_layer=3)
    rows, validation = torch.arange(50), torch.arange(50, 60)
    train = partial(train_heads, network, data=data, rows=rows, validation=validation, epochs=2, seed=1)
    assert train([1, 3]) == [*train([1]), *train([3])]
