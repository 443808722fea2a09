"""The example trains: the loss falls for an image that it was not trained on."""

from __future__ import annotations

import pytest
import torch
from examples.feed_forward import Painter, compute_loss, load_photo, train
from PIL import Image

from barestyle import StyleLoss, samples


@pytest.mark.slow
def test_training_lowers_the_loss_of_an_unseen_photograph() -> None:
    torch.manual_seed(0)
    painter = Painter(width=8)
    with Image.open(samples.style("swirls")) as style:
        style_loss = StyleLoss(style.resize((64, 64)), "bare-fast")
    unseen = load_photo("astronaut", 64)
    with torch.no_grad():
        before = float(compute_loss(painter, unseen, style_loss))
    losses = list(
        train(painter, style_loss, [load_photo("chelsea", 96), load_photo("coffee", 96)], steps=120, size=32, batch=2)
    )
    with torch.no_grad():
        after = float(compute_loss(painter, unseen, style_loss))
    assert len(losses) == 120
    assert after < 0.8 * before
