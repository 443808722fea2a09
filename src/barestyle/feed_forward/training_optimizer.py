"""The optimizer of a training: orthogonalized momentum for convolutions, Adam for everything else.

The step of a convolution is the nearest matrix with orthogonal rows or columns to its momentum, so that no direction is
learned much later than others (Muon; Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/). In the few
thousand steps of a training the loss falls further than with Adam (docs/decisions/0024-instant-styles.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from barestyle.feed_forward.network import StyleNetwork
from barestyle.optimize import State

MATRIX_RATE = 0.02
"""Learning rate of convolutions: the length of a step relative to an orthogonal matrix."""

MOMENTUM = 0.95

ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the iteration's polynomial, which brings singular values near 1 fast, and not exactly there (Jordan et al.)."""

OTHER_RATE = 3e-3
"""Adam's learning rate."""

BETAS = (0.9, 0.99)
"""Of Adam: a shorter memory of the squared gradients than usual, for a few thousand steps."""

LARGEST_GRADIENT = 5.0
"""Length to which a longer gradient is cut, for Adam; the steps of convolutions have a fixed length."""


class TrainingOptimizer:
    """Takes the steps of a training.

    Args:
        network: whose parameters are changed; its gradients must be there before each step.
    """

    def __init__(self, network: StyleNetwork) -> None:
        parameters = dict(network.named_parameters())
        # The output has 3 channels, which need not be orthogonal.
        self._matrices = [value for name, value in parameters.items() if value.ndim == 4 and "output" not in name]
        chosen = {id(value) for value in self._matrices}
        self._others = [value for value in parameters.values() if id(value) not in chosen]
        self._momenta = [torch.zeros_like(value) for value in self._matrices]
        self._adam = torch.optim.Adam(self._others, lr=OTHER_RATE, betas=BETAS)

    def clear_gradients(self) -> None:
        """Forget the gradients of the step before."""
        for value in (*self._matrices, *self._others):
            value.grad = None

    def step(self, rate: float) -> None:
        """Take a step; `rate` is relative to the full learning rates."""
        nn.utils.clip_grad_norm_(self._others, LARGEST_GRADIENT)
        for group in self._adam.param_groups:
            group["lr"] = OTHER_RATE * rate
        self._adam.step()
        with torch.no_grad():
            for matrix, momentum in zip(self._matrices, self._momenta, strict=True):
                assert matrix.grad is not None
                momentum.lerp_(matrix.grad, 1 - MOMENTUM)
                ahead = matrix.grad.lerp(momentum, MOMENTUM)  # Nesterov's momentum
                matrix.sub_(compute_step(ahead), alpha=MATRIX_RATE * rate)

    def state(self) -> State:
        """Return what another optimizer of the same network needs to continue."""
        return {
            "momenta": list(self._momenta),
            "adam": [dict(self._adam.state[value]) for value in self._others],
        }

    def load_state(self, state: State) -> None:
        """Continue from a state."""
        for momentum, value in zip(self._momenta, state["momenta"], strict=True):
            momentum.copy_(value)
        for parameter, values in zip(self._others, state["adam"], strict=True):
            device = parameter.device
            moved = {name: value if name == "step" else value.to(device) for name, value in values.items()}
            self._adam.state[parameter] = moved


def compute_step(gradient: Tensor) -> Tensor:
    """Return the step for a convolution's weights, of the gradient's shape (outputs, inputs, side, side)."""
    matrix = gradient.flatten(1)
    rows, columns = matrix.shape
    # More outputs than inputs: each input has a column of length 1, so that outputs change less.
    scale = max(1.0, rows / columns) ** 0.5
    step: Tensor = scale * orthogonalize(matrix).view_as(gradient)
    return step


def orthogonalize(matrix: Tensor, iterations: int = ITERATIONS, coefficients: Sequence[float] = COEFFICIENTS) -> Tensor:
    """Return U V^T, roughly, for the singular value decomposition U S V^T of a matrix (Newton-Schulz iteration)."""
    first, second, third = coefficients
    rows, columns = matrix.shape
    x: Tensor = matrix / matrix.norm().clamp(min=torch.finfo(matrix.dtype).tiny)
    x = x.T if rows > columns else x
    for _ in range(iterations):
        square = x @ x.T
        x = first * x + (second * square + third * square @ square) @ x
    return x.T if rows > columns else x
