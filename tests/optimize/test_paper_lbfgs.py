"""The paper's optimizer against torch.optim.LBFGS, and the whole algorithm against that of PyTorch's tutorial."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.networks import build_network
from barestyle.objective import Evaluation, build_objective
from barestyle.optimize import ExplosionError, Iterate, Minimizer
from barestyle.optimize.paper_lbfgs import paper_lbfgs
from barestyle.optimize.resumable import SolverContext
from barestyle.presets import preset
from barestyle.spec import FeatureContentLoss, PaperLBFGS, Spec
from barestyle.stop_reasons import StopReason
from tests.optimize.problems import rosenbrock
from tests.oracles import tutorial


@pytest.mark.parametrize("history", [3, 100])
def test_every_iterate_equals_torch(history: int) -> None:
    """In float64, as iterations without line search are chaotic: rounding differences grow."""
    start = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    reference = start.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([reference], history_size=history)
    losses: list[float] = []

    def closure() -> float:
        with torch.no_grad():
            reference.clamp_(0, 1)
        evaluation = rosenbrock(reference)
        reference.grad = evaluation.gradient
        losses.append(float(evaluation.loss))
        return losses[-1]

    for _ in range(3):
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    ours = list(paper_lbfgs(rosenbrock, start, PaperLBFGS(steps=3, history_size=history), SolverContext()))

    assert len(losses) > 40
    # Our last iterate is the evaluation of the final image, which the reference does not do.
    assert [iterate.loss for iterate in ours[:-1]] == pytest.approx(losses, rel=1e-5)
    torch.testing.assert_close(ours[-1].image, reference.detach().clamp(0, 1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("side", [32, pytest.param(64, marks=pytest.mark.slow)])
@pytest.mark.parametrize("content_weight", [0.0, 1.0])
def test_the_paper_preset_equals_the_tutorial(content: Tensor, style: Tensor, content_weight: float, side: int) -> None:
    """The same losses to 1e-6 relative over the first 3 steps, on the same network.

    In float64: iterations without line search are chaotic, and float32's roundings separate two implementations.
    The drawings get some noise, as in flat areas rounding decides which of four equal pixels is the maximum.
    """
    content, style = (add_grain(image.double()) for image in (content[..., :side, :side], style[..., :side, :side]))
    spec = preset("paper").spec.model_copy(update={"optimizer": PaperLBFGS(steps=3)})
    if content_weight:
        spec = spec.model_copy(update={"content_loss": FeatureContentLoss(weight=content_weight)})
    network = build_network(spec.network, seed=5, deepest_layer=spec.deepest_layer).double()
    layers = [(layer.weight, layer.bias) for layer in network.layers]  # type: ignore[union-attr]
    losses, image = tutorial.run(
        layers,
        content,
        style,
        pool_after=(2, 4),
        steps=3,
        content_weight=content_weight,
    )
    ours = collect_iterates(spec, network_seed=5, content=content, style=style)

    assert len(losses) == 60
    assert [iterate.loss for iterate in ours[:-1]] == pytest.approx(losses, rel=1e-6)
    torch.testing.assert_close(ours[-1].image, image, rtol=0, atol=1e-5)


def add_grain(image: Tensor) -> Tensor:
    return image.lerp(torch.rand(image.shape, generator=torch.Generator().manual_seed(3), dtype=image.dtype), 0.02)


def collect_iterates(spec: Spec, network_seed: int, content: Tensor, style: Tensor) -> list[Iterate]:
    network = build_network(spec.network, seed=network_seed, deepest_layer=spec.deepest_layer).to(content.dtype)
    return list(Minimizer(build_objective(spec, network, content, style).evaluate, content, spec.optimizer))


def test_nan_gradients_count_as_zero() -> None:
    def evaluate(image: Tensor) -> Evaluation:
        gradient = image - 0.5
        gradient[..., 0, 0] = torch.nan
        return Evaluation((image[..., 1:, 1:] - 0.5).square().sum(), {}, gradient)

    start = torch.full((1, 3, 4, 4), 0.9)
    last = list(paper_lbfgs(evaluate, start, PaperLBFGS(steps=2), SolverContext()))[-1]
    assert torch.equal(last.image[..., 0, 0], start[..., 0, 0])
    torch.testing.assert_close(last.image[..., 1:, 1:], torch.full((1, 3, 3, 3), 0.5))


@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
def test_a_loss_that_is_not_finite_is_an_explosion(bad: float) -> None:
    losses = iter([3.0, 2.0, bad])

    def evaluate(image: Tensor) -> Evaluation:
        return Evaluation(torch.tensor(next(losses)), {}, torch.ones_like(image))

    with pytest.raises(ExplosionError) as explosion:
        list(paper_lbfgs(evaluate, torch.full((1, 3, 4, 4), 0.5), PaperLBFGS(), SolverContext()))
    assert explosion.value.last_loss == 2.0


def test_absolute_tolerances_end_a_run_of_a_small_loss_early() -> None:
    """The paper's tolerances depend on the scale of the loss, which it does not mention."""

    def count_evaluations(scale: float) -> int:
        def evaluate(image: Tensor) -> Evaluation:
            evaluation = rosenbrock(image)
            return Evaluation(evaluation.loss * scale, {}, evaluation.gradient * scale)

        start = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
        return list(paper_lbfgs(evaluate, start, PaperLBFGS(steps=10), SolverContext()))[-1].evaluations

    assert count_evaluations(1e-9) < count_evaluations(1.0) / 4


@pytest.mark.parametrize(("learning_rate", "diverges"), [(1.0, False), (9.0, True)])
def test_a_run_that_ends_far_above_its_best_has_diverged(learning_rate: float, diverges: bool) -> None:
    """On a quadratic, L-BFGS knows the minimum after two steps, and a rate of 9 overshoots it."""

    def evaluate(image: Tensor) -> Evaluation:
        return Evaluation((image - 0.1).square().sum(), {}, 2 * (image - 0.1))

    start = torch.full((1, 3, 4, 4), 0.15)
    minimizer = Minimizer(evaluate, start, PaperLBFGS(steps=1, iterations_per_step=2, learning_rate=learning_rate))
    losses = [float(iterate.loss) for iterate in minimizer]
    assert (losses[-1] > 10 * min(losses)) is diverges
    assert (minimizer.ending.reason is StopReason.LAST_LOSS_HIGH) is diverges
