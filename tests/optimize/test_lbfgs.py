"""The robust optimizer: known minima, scale freedom, and its line search's conditions."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize import ExplosionError, Minimizer
from barestyle.optimize.line_search import CURVATURE, SUFFICIENT_DECREASE, Probe, search_strong_wolfe
from barestyle.spec import LBFGS, Adam
from barestyle.stop_reasons import StopReason
from tests.optimize.test_paper_lbfgs import rosenbrock

START = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
NEVER_STALL = {"patience": 10_000, "tolerance": 0.0}


def scaled(factor: float):  # type: ignore[no-untyped-def]
    def evaluate(image: Tensor) -> Evaluation:
        found = rosenbrock(image)
        return Evaluation(found.loss * factor, {}, found.gradient * factor)

    return evaluate


def test_it_finds_rosenbrocks_minimum() -> None:
    search = Minimizer(rosenbrock, START, LBFGS(steps=200, **NEVER_STALL))
    list(search)
    assert search.best_so_far is not None
    torch.testing.assert_close(search.best_so_far.selected.image, torch.full_like(START, 1 / 1.5), rtol=0, atol=1e-2)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_the_scale_of_the_loss_does_not_matter(factor: float) -> None:
    plain = list(Minimizer(scaled(1.0), START, LBFGS(steps=15, **NEVER_STALL)))
    other = list(Minimizer(scaled(factor), START, LBFGS(steps=15, **NEVER_STALL)))
    assert plain[-1].evaluations == other[-1].evaluations
    torch.testing.assert_close(plain[-1].image, other[-1].image, rtol=0, atol=1e-3)
    assert other[-1].loss == pytest.approx(plain[-1].loss * factor, rel=1e-2)


def test_a_search_goes_on_where_another_ended() -> None:
    whole = list(Minimizer(rosenbrock, START, LBFGS(steps=12, **NEVER_STALL)))
    first = Minimizer(rosenbrock, START, LBFGS(steps=7, **NEVER_STALL))
    list(first)
    assert first.best_so_far is not None
    second = list(
        Minimizer(
            rosenbrock, first.best_so_far.selected.image, LBFGS(steps=5, **NEVER_STALL), warm_start=first.warm_start
        )
    )
    for one, other in zip(whole[7:], second, strict=True):
        torch.testing.assert_close(one.image, other.image, rtol=0, atol=1e-6)
    afresh = list(Minimizer(rosenbrock, first.best_so_far.selected.image, LBFGS(steps=5, **NEVER_STALL)))
    assert not torch.allclose(afresh[-1].image, whole[-1].image, rtol=0, atol=1e-4)
    other_size = LBFGS(steps=5, history_size=3, **NEVER_STALL)
    unusable = list(Minimizer(rosenbrock, first.best_so_far.selected.image, other_size, warm_start=first.warm_start))
    assert torch.equal(unusable[1].image, afresh[1].image), "pairs of another size of history are not used"


@pytest.mark.parametrize("spec", [LBFGS(steps=40), Adam(steps=80)])
def test_the_penalty_keeps_pixels_near_their_range(spec: LBFGS | Adam) -> None:
    """The unconstrained minimum lies at 3; with the penalty pixels stay near 1, and what is kept is clamped."""
    seen: list[float] = []

    def evaluate(image: Tensor) -> Evaluation:
        seen.append(float(image.max()))
        return Evaluation((image - 3).square().mean(), {}, 2 * (image - 3) / image.numel())

    search = Minimizer(evaluate, START, spec)
    list(search)
    assert search.best_so_far is not None
    assert float(search.best_so_far.selected.image.max()) <= 1
    assert seen[-1] < 1.3


def test_the_best_iterate_is_kept_though_a_later_one_is_worse() -> None:
    search = Minimizer(rosenbrock, START, Adam(steps=4, learning_rate=0.3, **NEVER_STALL))
    losses = [iterate.loss for iterate in search]
    assert search.best_so_far is not None
    assert search.best_so_far.selected.loss == min(losses) < losses[-1]


def test_it_stops_when_nothing_improves_any_more() -> None:
    def never_below_one(image: Tensor) -> Evaluation:
        found = rosenbrock(image)
        return Evaluation(found.loss + 1, {}, found.gradient)

    search = Minimizer(never_below_one, START, LBFGS(steps=10_000, patience=5, tolerance=0.01))
    taken = list(search)
    assert search.ending.reason is StopReason.PLATEAU
    assert "the last 5 iterations improved the loss by less than 0.01 of it" in search.ending.sentence
    losses = [iterate.loss for iterate in taken]
    best = [min(losses[: count + 1]) for count in range(len(losses))]
    stalled = [now > 0.99 * before for before, now in zip(best, best[5:], strict=False)]
    assert stalled.index(True) == len(stalled) - 1, "at the first chance, and not before"


def test_a_start_without_gradient_ends_at_once() -> None:
    search = Minimizer(lambda image: Evaluation(torch.tensor(0.0), {}, torch.zeros_like(image)), START, LBFGS())
    assert len(list(search)) == 1
    assert search.ending.reason is StopReason.ZERO_GRADIENT


def test_a_cliff_of_nan_is_backed_away_from() -> None:
    def evaluate(image: Tensor) -> Evaluation:
        if float(image.mean()) > 0.6:
            return Evaluation(torch.tensor(torch.nan), {}, torch.full_like(image, torch.nan))
        return Evaluation((image - 0.7).square().sum(), {}, 2 * (image - 0.7))

    search = Minimizer(evaluate, torch.full((1, 3, 4, 4), 0.2), LBFGS(steps=30))
    list(search)
    assert search.best_so_far is not None
    assert 0.55 < float(search.best_so_far.selected.image.mean()) <= 0.6


def test_adam_keeps_its_best_picture_when_the_loss_ends_being_a_number() -> None:
    evaluations = 0

    def evaluate(image: Tensor) -> Evaluation:
        nonlocal evaluations
        evaluations += 1
        loss = (image - 0.7).square().sum() if evaluations < 6 else torch.tensor(torch.nan)
        return Evaluation(loss, {}, 2 * (image - 0.7))

    search = Minimizer(evaluate, torch.full((1, 3, 4, 4), 0.2), Adam(steps=30))
    assert len(list(search)) == 5
    assert search.best_so_far is not None
    assert search.best_so_far.selected.step == 4
    assert search.ending.reason is StopReason.LOSS_NOT_FINITE
    assert "became infinite or NaN at step 5; this is the best image so far" in search.ending.sentence


def test_a_start_whose_loss_is_not_finite_is_an_explosion() -> None:
    evaluate = lambda image: Evaluation(torch.tensor(torch.inf), {}, image)  # noqa: E731
    with pytest.raises(ExplosionError):
        list(Minimizer(evaluate, START, LBFGS()))


@pytest.mark.parametrize("first", [1e-6, 1e-2, 1.0, 50.0])
@pytest.mark.parametrize("power", [2, 4, 1.2])
def test_the_line_search_satisfies_both_wolfe_conditions(first: float, power: float) -> None:
    """On |t - 1|^p - t/20, whatever the first length."""

    def value(t: float) -> float:
        return float(abs(t - 1) ** power - t / 20)

    def slope(t: float) -> float:
        return float(power * abs(t - 1) ** (power - 1) * (1 if t > 1 else -1) - 1 / 20)

    def probe(t: float) -> Probe:
        return Probe(t, value(t), slope(t))

    found = search_strong_wolfe(probe, probe(0.0), first, budget=40)
    assert found.value <= value(0) + SUFFICIENT_DECREASE * found.length * slope(0)
    assert abs(found.slope) <= CURVATURE * abs(slope(0))


def test_a_gradient_whose_norm_overflows_is_no_explosion() -> None:
    """Large weights make losses of 1e30; scaled by the first of them, everything is of order 1."""

    def evaluate(image: Tensor) -> Evaluation:
        return Evaluation(1e30 * (image - 0.7).square().mean(), {}, 2e30 * (image - 0.7) / image.numel())

    iterates = list(Minimizer(evaluate, START, LBFGS(steps=5)))
    assert math.isinf(iterates[0].gradient_norm)
    assert iterates[-1].loss < 1e-6 * iterates[0].loss
