"""Train a feed-forward network on photographs for some styles (after Johnson et al. 2016, arXiv:1603.08155)."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.errors import TrainingError
from barestyle.feed_forward.initial_network import build_initial_network
from barestyle.feed_forward.layers import Origin
from barestyle.feed_forward.network import STRIDE, NetworkShape, StyleNetwork
from barestyle.feed_forward.noise import PERIOD
from barestyle.feed_forward.photographs import Photograph, draw_crop
from barestyle.feed_forward.training_loss import PooledStyleLoss, compute_content_loss
from barestyle.feed_forward.training_optimizer import TrainingOptimizer
from barestyle.hardware.devices import has_fast_bf16
from barestyle.optimize import State
from barestyle.spec.training import BATCH, CROP, STEPS

WARM_UP = 50
"""Steps in which the learning rate rises to its value."""

DECAY_SHARE = 0.3
"""Share of the steps at the end in which the learning rate falls to zero."""

AVERAGING_DECAY = 0.99
"""Of the average over the weights of the last steps, which is what is saved (Polyak & Juditsky 1992)."""

EVALUATE_EVERY = 200
"""Steps between two evaluations on the photograph that is held out."""

PATIENCE = 4
"""Evaluations without progress after which the learning rate begins to fall."""

SMALLEST_PROGRESS = 0.01
"""Relative decrease of the loss that counts as progress."""

STABILITY_WEIGHT = 6.0
"""Of the mean squared difference between a painted crop and another view of it, painted."""

LARGEST_SHIFT = 8
"""Pixels by which the other view is moved along each axis."""

VIEW_NOISE = 0.02
"""Deviation of the other view's noise, in 0..1."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained.

    Attributes:
        shape: the size of the network.
        steps: the most steps; fewer if the loss on the photograph that is held out stops to fall.
        crop: side of the square crops in pixels, a multiple of 8.
        batch: crops in a step.
        stability: train also that small movements and noise change nothing, for videos.
        seed: of the weights, the order of photographs and crops.
        precision: bf16 or float32.
    """

    shape: NetworkShape = field(default_factory=NetworkShape)
    steps: int = STEPS
    crop: int = CROP
    batch: int = BATCH
    stability: bool = False
    seed: int = 0
    precision: str = "float32"


def choose_training_precision(name: str, device: torch.device) -> str:
    """Return bf16 for `auto` where it is fast, and float32 elsewhere."""
    if name == "auto":
        return "bf16" if has_fast_bf16(device) else "float32"
    return name


@dataclass(frozen=True)
class TrainingProgress:
    """The state of a training after a step.

    Attributes:
        step, steps: finished steps, and those until the end; the latter is smaller after a plateau.
        loss: of this step, pooled with earlier ones.
        held_out_loss: of the last evaluation on the photograph that is held out; None before the first one.
        seconds: since the start.
        seconds_left: estimated from the time so far.
        paint: returns the photograph that is held out, (1, 3, H, W) in 0..1, as painted in a style now.
    """

    step: int
    steps: int
    loss: float
    held_out_loss: float | None
    seconds: float
    seconds_left: float
    paint: Callable[[int], Tensor]


class Training:
    """Trains a network: iterate over it for a TrainingProgress after every step, and read `averaged` at any time.

    Args:
        photographs: the last one is held out.
        losses: one for each style.
        quantiles: of the colors of each style, (styles, PASSES, 3, LEVELS).
        settings: how to train.
        initial: a network of the same shape but for its number of styles, to start from; None for random weights.
    """

    def __init__(
        self,
        photographs: Sequence[Photograph],
        losses: Sequence[PooledStyleLoss],
        quantiles: Tensor,
        settings: TrainingSettings,
        *,
        initial: StyleNetwork | None = None,
        device: torch.device | None = None,
    ) -> None:
        self._photographs, self._held_out = list(photographs[:-1]), photographs[-1]
        self._losses = losses
        self.settings = settings
        self.device = device or torch.device("cpu")
        self._generator = np.random.default_rng(settings.seed)
        self.network = build_initial_network(settings.shape, settings.seed, initial).to(
            self.device, memory_format=torch.channels_last
        )  # type: ignore[call-overload]
        self.network.palette.quantiles.copy_(quantiles)
        self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        """The average of the weights over the last steps: the result."""
        self._optimizer = TrainingOptimizer(self.network)
        self.step = 0
        self._decay_start = settings.steps - round(DECAY_SHARE * settings.steps)
        self.evaluations: list[float] = []
        """Losses on the photograph that is held out."""
        self.seconds = 0.0
        """Time of the steps so far."""

    @property
    def steps(self) -> int:
        """Steps until the end, as it is planned now."""
        return min(self.settings.steps, self._decay_start + round(DECAY_SHARE * self.settings.steps))

    def state(self) -> State:
        """Return everything that another training with the same arguments needs to continue."""
        return {
            "step": self.step,
            "decay_start": self._decay_start,
            "evaluations": self.evaluations,
            "seconds": self.seconds,
            "generator": self._generator.bit_generator.state,
            "network": dict(self.network.state_dict()),
            "averaged": dict(self.averaged.state_dict()),
            "optimizer": self._optimizer.state(),
            "pooled": [dict(loss.pooled) for loss in self._losses],
        }

    def load_state(self, state: State) -> None:
        """Continue from a state."""
        self.step, self._decay_start = state["step"], state["decay_start"]
        self.evaluations, self.seconds = list(state["evaluations"]), state["seconds"]
        self._generator.bit_generator.state = state["generator"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state(state["optimizer"])
        for loss, pooled in zip(self._losses, state["pooled"], strict=True):
            loss.pooled = {name: value.to(self.device) for name, value in pooled.items()}

    def __iter__(self) -> Iterator[TrainingProgress]:
        """Take the steps that are left. Raises TrainingError, with the weights as before, if the loss is not finite."""
        first, started, before = self.step, time.perf_counter(), self.seconds
        while self.step < self.steps:
            # Gradients are needed even if the caller has disabled them.
            with torch.inference_mode(False), torch.enable_grad():
                loss = self._take_step()
            self.step += 1
            if self.step % EVALUATE_EVERY == 0:
                self._evaluate()
            seconds = time.perf_counter() - started
            self.seconds = before + seconds
            yield TrainingProgress(
                step=self.step,
                steps=self.steps,
                loss=loss,
                held_out_loss=self.evaluations[-1] if self.evaluations else None,
                seconds=self.seconds,
                seconds_left=seconds / (self.step - first) * (self.steps - self.step),
                paint=self.paint_held_out,
            )

    def paint_held_out(self, style: int) -> Tensor:
        """Return the photograph that is held out, painted in a style, (1, 3, H, W) in 0..1 on the CPU."""
        with torch.inference_mode():
            image = self._held_out.image.to(self.device, memory_format=torch.channels_last)
            painted: Tensor = self.averaged(image, self._select(style))
        return painted.float().cpu()

    def _take_step(self) -> float:
        self._optimizer.clear_gradients()
        style = self.step % len(self._losses)
        crops, guides = self._draw_batch(style)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.precision == "bf16"):
            loss = self._compute_loss(style, crops, guides)
        if not math.isfinite(float(loss.detach())):
            raise TrainingError(
                f"the loss is {float(loss.detach())} in step {self.step + 1}; train again with --force and another "
                "--seed, or with --precision float32"
            )
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step(self._learning_rate())
        self._average()
        return float(loss.detach())

    def _learning_rate(self) -> float:
        """Return the learning rate of the next step, relative to the full one."""
        rise = min(1.0, (self.step + 1) / WARM_UP)
        left = self.steps - self.step
        decay = max(self.steps - self._decay_start, 1)
        return rise * (1.0 if left >= decay else 0.5 - 0.5 * math.cos(math.pi * left / decay))

    def _draw_batch(self, style: int) -> tuple[Tensor, Tensor]:
        numbers = self._generator.integers(len(self._photographs), size=self.settings.batch)
        pairs = [draw_crop(self._photographs[n], style, self.settings.crop, self._generator) for n in numbers]
        crops, guides = (torch.cat(planes).to(self.device) for planes in zip(*pairs, strict=True))
        return crops.contiguous(memory_format=torch.channels_last), guides

    def _compute_loss(self, style: int, crops: Tensor, guides: Tensor) -> Tensor:
        """Return the loss of crops painted in a style."""
        weights, origins = self._select(style), self._draw_origins(len(crops))
        # Without the colors' curves: a crop may have few of the style's colors, the moments of several do not.
        painted = self.network(crops, weights, origins=origins, is_finished=False).float()
        loss = self._losses[style](painted, guides) + compute_content_loss(painted, crops)
        if self.settings.stability:
            loss = loss + STABILITY_WEIGHT * self._measure_instability(painted, crops, weights, origins)
        return loss

    def _measure_instability(
        self, painted: Tensor, crops: Tensor, weights: Tensor, origins: Sequence[Origin]
    ) -> Tensor:
        """Return the mean squared difference of painted crops and moved, noisy views of them, painted."""
        down, right = (int(shift) for shift in self._generator.integers(-LARGEST_SHIFT, LARGEST_SHIFT + 1, 2))
        noise = torch.from_numpy(self._generator.standard_normal(tuple(crops.shape), np.float32)).to(crops)
        view = crops.roll((down, right), (2, 3)) + VIEW_NOISE * noise
        moved = painted.roll((down, right), (2, 3))
        margin = LARGEST_SHIFT + self.settings.shape.halo // 4  # what was rolled around is another image
        inside = slice(margin, -margin)
        painted_view = self.network(view.clamp(0, 1), weights, origins=origins, is_finished=False)
        difference = painted_view.float() - moved
        instability: Tensor = difference[..., inside, inside].square().mean()
        return instability

    def _draw_origins(self, count: int) -> list[Origin]:
        """Return origins for crops: the noise of a crop can be that of any place."""
        rows = self._generator.integers(PERIOD, size=(count, 2)) * STRIDE
        return [(int(top), int(left)) for top, left in rows]

    def _select(self, style: int) -> Tensor:
        """Return the weights of one style, (1, styles + 1)."""
        return F.one_hot(torch.tensor([style + 1]), self.settings.shape.styles + 1).float().to(self.device)

    def _average(self) -> None:
        decay = min(AVERAGING_DECAY, self.step / (self.step + 10))
        with torch.no_grad():
            for average, value in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
                average.lerp_(value, 1 - decay)

    def _evaluate(self) -> None:
        """Evaluate on the photograph that is held out, and begin to end if there was no progress."""
        losses = []
        for number, loss in enumerate(self._losses):
            painted = self.paint_held_out(number).to(self.device)
            with torch.no_grad():
                style_loss = loss.evaluate(painted, self._held_out.guides[number].to(self.device))
                content = compute_content_loss(painted, self._held_out.image.to(self.device))
                losses.append(float(style_loss + content))
        self.evaluations.append(sum(losses) / len(losses))
        if has_plateaued(self.evaluations) and self.step < self._decay_start:
            self._decay_start = self.step


def has_plateaued(losses: Sequence[float]) -> bool:
    """Return whether the last PATIENCE losses bring no progress over those before."""
    earlier, recent = losses[:-PATIENCE], losses[-PATIENCE:]
    return bool(earlier) and min(recent) > (1 - SMALLEST_PROGRESS) * min(earlier)
