"""The baseline: the algorithm of PyTorch's neural style tutorial (Jacq 2019), written plainly, as its users run it.

NCHW, float32, autograd through everything, torch.optim.LBFGS with its defaults, PyTorch's own settings. It shares no
code with barestyle. Weights are random signs, as speed does not depend on them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CHANNELS = (3, 64, 64, 128, 128, 256)
POOL_AFTER = (2, 4)


def gram_matrix(features: Tensor) -> Tensor:
    batch, channels, height, width = features.size()
    flat = features.view(batch * channels, height * width)
    return torch.mm(flat, flat.t()).div(batch * channels * height * width)


class Normalization(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(-1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        return (image - self.mean) / self.std  # type: ignore[operator]


class StyleLoss(nn.Module):
    def __init__(self, target: Tensor) -> None:
        super().__init__()
        self.target = gram_matrix(target).detach()
        self.loss = torch.zeros(())

    def forward(self, features: Tensor) -> Tensor:
        self.loss = F.mse_loss(gram_matrix(features), self.target)
        return features


class Baseline:
    """A run of the tutorial from a content image (1, 3, H, W) in 0..1, with the style loss only."""

    def __init__(self, content: Tensor, style: Tensor, seed: int) -> None:
        self.model, self.style_losses = _build_model(style, seed)
        self.model.eval().requires_grad_(False)
        self.image = content.clone().requires_grad_(True)
        self.optimizer = torch.optim.LBFGS([self.image])

    def evaluate(self) -> float:
        """Compute loss and gradient, as the tutorial's closure does, and return the loss."""
        with torch.no_grad():
            self.image.clamp_(0, 1)
        self.optimizer.zero_grad()
        self.model(self.image)
        loss = torch.zeros((), device=self.image.device)
        for style_loss in self.style_losses:
            loss = loss + style_loss.loss
        loss = loss * 1_000_000
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def run(self, evaluations: int, on_loss: Callable[[float], None]) -> None:
        """Run the tutorial's loop for a number of evaluations; `on_loss` is called with each loss."""
        count = 0

        class LimitReached(Exception):  # noqa: N818  # not an error; torch.optim.LBFGS cannot be stopped within a step otherwise
            pass

        def closure() -> float:
            nonlocal count
            if count == evaluations:
                raise LimitReached
            count += 1
            loss = self.evaluate()
            on_loss(loss)
            return loss

        try:
            while True:
                self.optimizer.step(closure)  # type: ignore[no-untyped-call]
        except LimitReached:
            return


def _build_model(style: Tensor, seed: int) -> tuple[nn.Sequential, list[StyleLoss]]:
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(Normalization()).to(style.device)
    losses: list[StyleLoss] = []
    for number, (inputs, outputs) in enumerate(pairwise(CHANNELS), start=1):
        convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)
        with torch.no_grad():
            signs = torch.randint(0, 2, convolution.weight.shape, generator=generator) * 2 - 1
            convolution.weight.copy_(signs * 0.1)
            convolution.bias.fill_(0.5)  # type: ignore[union-attr]
        model.append(convolution.to(style.device))
        with torch.no_grad():
            losses.append(StyleLoss(model(style)))
        model.append(losses[-1])
        if number < len(CHANNELS) - 1:
            model.append(nn.ReLU(inplace=False))
        if number in POOL_AFTER:
            model.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return model, losses
