"""Train a small network that applies a style in one forward pass, with barestyle's StyleLoss as the loss.

    python -m examples.feed_forward --steps 600 --output painted.png

A dozen convolutions are trained on crops of three photographs. The style loss has no weights to download, and is not
needed after the training.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from barestyle import StyleLoss, samples
from barestyle.images import read, target_size

CONTENT_WEIGHT = 1.0
"""Weight of the mean squared difference of reduced images; the style loss falls to about 0.05."""


class Painter(nn.Module):
    """Network from an image (N, 3, H, W) in 0..1, with sides that are multiples of 4, to a painted one of that size."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            _convolution(3, width),
            nn.ReLU(),
            _convolution(width, 2 * width, stride=2),
            nn.ReLU(),
            _convolution(2 * width, 2 * width, stride=2),
            nn.ReLU(),
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(_convolution(2 * width, 2 * width), nn.ReLU(), _convolution(2 * width, 2 * width))
            for _ in range(3)
        )
        self.decoder = _convolution(2 * width, width)
        self.last = _convolution(width + 3, 3)

    def forward(self, image: Tensor) -> Tensor:
        x = self.encoder(image * 2 - 1)
        for block in self.blocks:
            x = x + block(x)
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = F.relu(self.decoder(x))
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        result: Tensor = torch.sigmoid(4 * (image - 0.5) + self.last(torch.cat((x, image), dim=1)))
        return result


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, padding_mode="reflect")


def sample_crops(photos: list[Tensor], size: int, batch: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield batches (batch, 3, size, size) of random square crops of photographs (1, 3, H, W), without end."""
    while True:
        crops = []
        for _ in range(batch):
            photo = photos[int(torch.randint(len(photos), (), generator=generator))]
            top, left = (int(torch.randint(side - size + 1, (), generator=generator)) for side in photo.shape[-2:])
            crops.append(photo[0, :, top : top + size, left : left + size])
        yield torch.stack(crops)


def compute_loss(painter: Painter, batch: Tensor, style_loss: StyleLoss) -> Tensor:
    """Return the style loss plus the difference of reduced images, which keeps the photograph recognizable."""
    result = painter(batch)
    content = F.mse_loss(F.avg_pool2d(result, 8), F.avg_pool2d(batch, 8))
    total: Tensor = style_loss(result) + CONTENT_WEIGHT * content
    return total


def train(
    painter: Painter, style_loss: StyleLoss, photos: list[Tensor], *, steps: int, size: int = 64, batch: int = 4
) -> Iterator[float]:
    """Train with Adam on crops; yield each step's loss."""
    optimizer = torch.optim.Adam(painter.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(0)
    for _, crops in zip(range(steps), sample_crops(photos, size, batch, generator), strict=False):
        optimizer.zero_grad()
        loss = compute_loss(painter, crops, style_loss)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield float(loss.detach())


def load_photo(name: str, long_side: int) -> Tensor:
    """Return a sample photograph, (1, 3, H, W), with both sides cropped to multiples of 4."""
    picture = read(samples.photo(name))
    height, width = target_size(picture.height, picture.width, long_side)
    return picture.resize(height, width).pixels[..., : height // 4 * 4, : width // 4 * 4]


def main() -> None:
    """Train on three photographs and paint a fourth."""
    parser = argparse.ArgumentParser(description="Train a network that applies one style.")
    parser.add_argument("--style", default="swirls", choices=samples.STYLES)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--output", type=Path, default=Path("painted.png"))
    arguments = parser.parse_args()
    torch.manual_seed(0)
    painter = Painter()
    style_loss = StyleLoss(samples.style(arguments.style))
    photos = [load_photo(name, 256) for name in ("chelsea", "coffee", "rocket")]
    for step, loss in enumerate(train(painter, style_loss, photos, steps=arguments.steps), start=1):
        if step % 50 == 0 or step == 1:
            print(f"step {step}, loss {loss:.3f}")
    with torch.no_grad():
        result = painter(load_photo("astronaut", 384))[0]
    Image.fromarray((result.permute(1, 2, 0) * 255).round().byte().numpy()).save(arguments.output)
    print(arguments.output)


if __name__ == "__main__":
    main()
