"""The algorithm of PyTorch's neural style tutorial (Jacq 2019), written out independently and plainly.

NCHW, autograd through everything, torch.optim.LBFGS. It shares no code with the package.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).reshape(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).reshape(3, 1, 1)


def convolutions(layers: list[tuple[Tensor, Tensor]], image: Tensor, pool_after: tuple[int, ...]) -> list[Tensor]:
    """Outputs of each convolution, before its ReLU."""
    x = (image - MEAN.to(image)) / STD.to(image)
    outputs = []
    for number, (weight, bias) in enumerate(layers, start=1):
        x = F.conv2d(x, weight, bias, padding=1)
        outputs.append(x)
        x = F.relu(x)
        if number in pool_after:
            x = F.max_pool2d(x, kernel_size=2, stride=2)
    return outputs


def gram_matrix(features: Tensor) -> Tensor:
    a, b, c, d = features.size()
    flat = features.view(a * b, c * d)
    return torch.mm(flat, flat.t()).div(a * b * c * d)


def run(
    layers: list[tuple[Tensor, Tensor]],
    content: Tensor,
    style: Tensor,
    *,
    pool_after: tuple[int, ...],
    steps: int,
    style_weight: float = 1e6,
    content_weight: float = 0.0,
) -> tuple[list[float], Tensor]:
    """Loss of every evaluation, and the clamped picture after `steps` calls of the optimizer's step."""
    targets = [gram_matrix(output).detach() for output in convolutions(layers, style, pool_after)]
    content_target = convolutions(layers, content, pool_after)[0].detach()
    image = nn.Parameter(content.clone())
    optimizer = torch.optim.LBFGS([image])
    losses: list[float] = []

    def closure() -> Tensor:
        with torch.no_grad():
            image.clamp_(0, 1)
        optimizer.zero_grad()
        outputs = convolutions(layers, image, pool_after)
        style_loss = sum(
            (F.mse_loss(gram_matrix(output), target) for output, target in zip(outputs, targets, strict=True)),
            start=torch.zeros(()),
        )
        loss = style_weight * style_loss + content_weight * F.mse_loss(outputs[0], content_target)
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(float(loss.detach()))
        return loss

    for _ in range(steps):
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    return losses, image.detach().clamp(0, 1)
