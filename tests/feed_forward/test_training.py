"""The training loop: it learns, repeats itself, continues from a state, and stops on a plateau."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.errors import TrainingError
from barestyle.feed_forward import NetworkShape, StyleNetwork
from barestyle.feed_forward.color_curves import measure_quantiles
from barestyle.feed_forward.initial_network import build_initial_network
from barestyle.feed_forward.photographs import Photograph, build_photograph
from barestyle.feed_forward.training import (
    Training,
    TrainingSettings,
    choose_training_precision,
    has_plateaued,
)
from barestyle.feed_forward.training_loss import PooledStyleLoss
from barestyle.losses import Region, StyleImage, build_guide_maps
from barestyle.networks import build_network
from barestyle.presets import preset
from barestyle.spec import WhitenedLoss
from tests.feed_forward.test_training_loss import make_image

SPEC = preset("bare-fast").spec
SHAPE = NetworkShape(widths=(4, 6, 8, 8), blocks=(1, 1, 1))
RESOLUTION = 32


def make_training(*, styles: int = 1, initial: StyleNetwork | None = None, **settings: object) -> Training:
    regions = [Region((StyleImage(make_image(10 + number, 128)),)) for number in range(styles)]
    photographs: list[Photograph] = [build_photograph(make_image(seed, 136), regions, RESOLUTION) for seed in range(3)]
    assert isinstance(SPEC.style_loss, WhitenedLoss)
    network = build_network(SPEC.network, seed=0, deepest_layer=4)
    losses = [
        PooledStyleLoss(network, SPEC.style_loss, region, build_guide_maps(photographs[0].image, region, RESOLUTION))
        for region in regions
    ]
    shape = NetworkShape(SHAPE.widths, SHAPE.blocks, styles)
    chosen = {"shape": shape, "steps": 6, "crop": 128, "batch": 1, **settings}
    quantiles = torch.stack([measure_quantiles(region.styles[0].pixels) for region in regions])
    return Training(photographs, losses, quantiles, TrainingSettings(**chosen), initial=initial)  # type: ignore[arg-type]


def weights_of(training: Training) -> Tensor:
    return torch.cat([value.flatten() for value in training.averaged.state_dict().values()])


def test_the_style_loss_falls() -> None:
    losses = [progress.loss for progress in make_training(steps=60)]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second, other = make_training(), make_training(), make_training(seed=1)
    for training in (first, second, other):
        list(training)
    assert torch.equal(weights_of(first), weights_of(second))
    assert not torch.equal(weights_of(first), weights_of(other))


@pytest.mark.parametrize("stability", [False, True])
def test_a_continued_training_ends_where_an_uninterrupted_one_does(stability: bool) -> None:
    whole = make_training(styles=2, steps=8, stability=stability)
    list(whole)
    part = make_training(styles=2, steps=8, stability=stability)
    for progress in part:
        if progress.step == 3:
            break
    continued = make_training(styles=2, steps=8, stability=stability)
    continued.load_state(part.state())
    steps = [progress.step for progress in continued]
    assert steps == [4, 5, 6, 7, 8]
    assert torch.equal(weights_of(whole), weights_of(continued))


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    training = make_training()
    steps = iter(training)
    next(steps)
    before = weights_of(training)
    with torch.no_grad():
        training.network.output.core.fill_(float("nan"))
    with pytest.raises(TrainingError, match="the loss is nan in step 2; train again with --force and another --seed"):
        next(steps)
    assert torch.equal(weights_of(training), before)


def test_stability_changes_the_training() -> None:
    plain, stable = make_training(), make_training(stability=True)
    list(plain)
    list(stable)
    assert not torch.equal(weights_of(plain), weights_of(stable))


def test_progress_counts_to_the_end() -> None:
    progress = list(make_training())
    assert [item.step for item in progress] == [1, 2, 3, 4, 5, 6]
    assert progress[-1].seconds_left == 0
    assert progress[-1].paint(0).shape == (1, 3, 136, 136)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([], False),
        ([1.0, 1.0, 1.0, 1.0], False),
        ([1.0, 0.999, 0.998, 0.997, 0.996], True),
        ([1.0, 1.2, 1.1, 1.2, 0.9], False),
        ([0.5, 0.6, 0.6, 0.6, 0.6], True),
    ],
)
def test_plateaus(losses: list[float], expected: bool) -> None:
    assert has_plateaued(losses) is expected


def test_a_network_begins_as_another_one() -> None:
    torch.manual_seed(0)
    initial = StyleNetwork(SHAPE)
    for parameter in initial.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    network = build_initial_network(NetworkShape(SHAPE.widths, SHAPE.blocks, 3), 0, initial)
    image = make_image(3, 64)
    with torch.no_grad():
        expected = initial(image, torch.tensor([[0.0, 1.0]]))
        for row in (1, 2, 3):
            weights = F.one_hot(torch.tensor([row]), 4).float()
            torch.testing.assert_close(network(image, weights), expected)


def test_a_network_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="initial network"):
        build_initial_network(NetworkShape(SHAPE.widths, (1, 2, 1)), 0, StyleNetwork(SHAPE))


def test_precision_is_chosen_for_the_device() -> None:
    cpu = torch.device("cpu")
    assert choose_training_precision("float32", cpu) == "float32"
    assert choose_training_precision("auto", cpu) in ("bf16", "float32")
