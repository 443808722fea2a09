"""Frames painted with a trained style: shots begin anew, statistics change slowly, and painting can be continued."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.clips.trained_painter import MEASURE_EVERY, NEW_SHARE, TrainedFramePainter
from barestyle.feed_forward import StylePainter
from tests.clips.cases import draw_texture, pan
from tests.feed_forward.cases import make_style


def make_painter() -> TrainedFramePainter:
    return TrainedFramePainter(StylePainter(make_style(), engine="torch"))


def paint_all(painter: TrainedFramePainter, frames: list[Tensor]) -> list[Tensor]:
    return [painter.paint(frame, is_first_of_shot=number == 0) for number, frame in enumerate(frames)]


def test_the_first_frame_of_a_shot_is_painted_like_a_picture() -> None:
    alone = StylePainter(make_style(), engine="torch")
    painter = make_painter()
    for seed in (1, 2):
        frame = draw_texture(40, 48, seed)
        torch.testing.assert_close(painter.paint(frame, is_first_of_shot=True), alone.paint(frame), atol=1e-5, rtol=0)


def test_a_still_shot_does_not_change() -> None:
    frame = draw_texture(40, 48, 1)
    first, *others = paint_all(make_painter(), [frame] * 4)
    for other in others:
        torch.testing.assert_close(other, first, atol=1e-5, rtol=0)


def test_what_comes_into_view_changes_the_rest_little() -> None:
    """A bright object in one corner, which is measured with a later frame; the rest of the frame is far from it."""
    background = draw_texture(64, 256, 1)
    changed = background.clone()
    changed[..., :40, :40] = 1.0
    alone = StylePainter(make_style(), engine="torch")
    before, *_, after = paint_all(make_painter(), [background, *[changed] * MEASURE_EVERY])
    independent = (alone.paint(changed) - alone.paint(background))[..., 160:].abs().mean()
    change = float((after - before)[..., 160:].abs().mean())
    assert NEW_SHARE == 0.3
    assert 0 < change < 0.5 * float(independent)


def test_painting_continues_from_a_state() -> None:
    frames = pan(MEASURE_EVERY + 2, 40, 48)
    expected = paint_all(make_painter(), frames)
    first = make_painter()
    paint_all(first, frames[:3])
    second = make_painter()
    second.load_state(first.state())
    for frame, painted in zip(frames[3:], expected[3:], strict=True):
        torch.testing.assert_close(second.paint(frame, is_first_of_shot=False), painted, atol=0, rtol=0)
