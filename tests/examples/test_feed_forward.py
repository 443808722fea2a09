"""The example trains: what it has not seen comes nearer to the style."""

from __future__ import annotations

import torch
from examples.feed_forward import Painter, loss_of, photo, train
from PIL import Image

from barestyle import StyleLoss, samples


def test_training_helps_on_a_photograph_that_it_has_not_seen() -> None:
    torch.manual_seed(0)
    painter = Painter(width=8)
    with Image.open(samples.style("swirls")) as style:
        style_loss = StyleLoss(style.resize((64, 64)), "bare-fast")
    unseen = photo("astronaut", 64)
    with torch.no_grad():
        before = float(loss_of(painter, unseen, style_loss))
    losses = list(train(painter, style_loss, [photo("chelsea", 96), photo("coffee", 96)], steps=120, size=32, batch=2))
    with torch.no_grad():
        after = float(loss_of(painter, unseen, style_loss))
    assert len(losses) == 120
    assert after < 0.8 * before
