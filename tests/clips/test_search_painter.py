"""Painting by search: the first frame of a shot is a picture, and the strokes of the others move with the objects."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from barestyle.clips.search_painter import SearchPainter
from barestyle.clips.steadiness import measure_warping_error
from barestyle.errors import SpecError
from barestyle.presets import preset
from barestyle.run.api import transfer
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.spec import Spec, with_settings
from tests.clips.cases import draw_texture
from tests.conftest import drawing, planes

pytest.importorskip("cv2", reason="opencv is an extra (video)")

STYLE = planes(drawing(90, 80, seed=2))


def build_spec(**settings: Any) -> Spec:
    changes = {"network.channels": 8, "scales.count": 3, "optimizer.steps": 12, "scales.finest_steps": 8}
    return with_settings(preset("bare-fast").spec, {**changes, **settings})


def build_painter(frame: Tensor, spec: Spec) -> SearchPainter:
    return SearchPainter(prepare(Request(frame, STYLE, spec)))


def move_square(count: int) -> list[Tensor]:
    """A textured square that moves by 2 pixels a frame over a background that stands still, with some noise."""
    background, square = planes(drawing(96, 64, seed=1)), draw_texture(28, 28, seed=2, cell=5)
    generator = torch.Generator().manual_seed(6)
    frames = []
    for number in range(count):
        frame = background + 0.01 * torch.randn(background.shape, generator=generator)
        frame[..., 16:44, 20 + 2 * number : 48 + 2 * number] = square
        frames.append(frame.clamp(0, 1))
    return frames


def measure_changes(images: list[Tensor]) -> float:
    """The mean squared difference of consecutive images."""
    return sum(float((after - before).square().mean()) for before, after in pairwise(images)) / (len(images) - 1)


def test_the_first_frame_is_the_picture_that_transfer_makes() -> None:
    frame = move_square(1)[0]
    painted = build_painter(frame, build_spec()).paint(frame, is_first_of_shot=True)
    torch.testing.assert_close(painted, transfer(frame, STYLE, build_spec()).image, rtol=0, atol=0)


def test_a_moving_square_keeps_its_strokes() -> None:
    frames = move_square(4)
    painter = build_painter(frames[0], build_spec())
    painted = [painter.paint(frame, is_first_of_shot=number == 0) for number, frame in enumerate(frames)]
    alone = [painter.paint(frame, is_first_of_shot=True) for frame in frames]
    assert measure_warping_error(frames, painted) <= measure_warping_error(frames, alone) / 4
    # The strokes of the square's middle, moved by hand.
    middles, alone_middles = (
        [image[..., 22:38, 26 + 2 * number : 42 + 2 * number] for number, image in enumerate(images)]
        for images in (painted, alone)
    )
    assert measure_changes(middles) < measure_changes(alone_middles) / 3
    drift, alone_drift = (float((each[3] - each[0]).square().mean()) for each in (middles, alone_middles))
    assert drift < alone_drift
    assert all(float(image.min()) >= 0 and float(image.max()) <= 1 for image in painted)


@pytest.mark.parametrize("colors", ["style", "matched", "luminance"])
def test_a_painter_continues_from_a_state(colors: str) -> None:
    frames = move_square(3)
    spec = build_spec(colors=colors)
    whole, first, second = (build_painter(frames[0], spec) for _ in range(3))
    expected = [whole.paint(frame, is_first_of_shot=number == 0) for number, frame in enumerate(frames)]
    for number in range(2):
        first.paint(frames[number], is_first_of_shot=number == 0)
    second.load_state(first.state())
    torch.testing.assert_close(second.paint(frames[2], is_first_of_shot=False), expected[2], rtol=0, atol=0)


def test_a_shot_does_not_depend_on_the_one_before() -> None:
    frames, other = move_square(2), 1 - draw_texture(64, 96, seed=9)
    painter = build_painter(frames[0], build_spec())
    expected = [painter.paint(frame, is_first_of_shot=number == 0) for number, frame in enumerate(frames)]
    painter.paint(other, is_first_of_shot=True)
    again = [painter.paint(frame, is_first_of_shot=number == 0) for number, frame in enumerate(frames)]
    for one, repeated in zip(expected, again, strict=True):
        torch.testing.assert_close(one, repeated, rtol=0, atol=0)


def test_what_the_frame_before_did_not_show_is_painted_anew() -> None:
    """A pan by a third of the width: the new part is in the style's colors, not the frame's."""
    wide = planes(drawing(128, 64, seed=1))
    frames = [wide[..., :96].contiguous(), wide[..., 32:].contiguous()]
    painter = build_painter(frames[0], build_spec())
    painter.paint(frames[0], is_first_of_shot=True)
    new = painter.paint(frames[1], is_first_of_shot=False)[..., 66:]
    anew = painter.paint(frames[1], is_first_of_shot=True)[..., 66:]
    assert float((new.mean((2, 3)) - anew.mean((2, 3))).abs().max()) < 0.1


def test_the_papers_optimizer_is_refused() -> None:
    frame = move_square(1)[0]
    with pytest.raises(SpecError, match=r"optimizer=paper-lbfgs.*add --set optimizer=lbfgs"):
        build_painter(frame, preset("paper").spec)


def test_the_warping_error_of_moved_frames_is_zero() -> None:
    frame = draw_texture(64, 96, seed=3, cell=6)
    frames = [frame, torch.roll(frame, 3, dims=3)]
    assert measure_warping_error(frames, frames) < 1e-3
    assert measure_warping_error(frames, [frame, 1 - frames[1]]) > 0.02
