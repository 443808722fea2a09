"""Warping and optical flow against analytic motions of a texture."""

from __future__ import annotations

import pytest
import torch

from barestyle.clips.flow import check_consistency, estimate_motion
from barestyle.clips.warp import is_inside, warp
from tests.clips.cases import draw_texture, make_flow

pytest.importorskip("cv2", reason="opencv is an extra (video)")

HEIGHT, WIDTH = 96, 128
INNER = (..., slice(16, -16), slice(16, -16))


def test_whole_pixels_are_moved_exactly() -> None:
    image = draw_texture(20, 30)
    moved = warp(image, make_flow(20, 30, shift=(3.0, -2.0)))
    torch.testing.assert_close(moved[..., 2:, :-3], image[..., :-2, 3:], rtol=0, atol=1e-5)
    torch.testing.assert_close(warp(image, make_flow(20, 30)), image, rtol=0, atol=1e-5)


def test_a_linear_image_is_moved_by_any_fraction() -> None:
    """Interpolation of a ramp is exact, so the moved ramp is the ramp plus slope times shift."""
    x = torch.arange(40.0).expand(1, 1, 30, 40) / 100
    moved = warp(x, make_flow(30, 40, shift=(1.25, 0.5)))
    torch.testing.assert_close(moved[..., 3:-3], x[..., 3:-3] + 0.0125, rtol=0, atol=1e-5)


def test_positions_outside_are_known() -> None:
    inside = is_inside(make_flow(10, 12, shift=(2.0, -1.0)))
    assert bool(inside[..., 1:, :-2].all())
    assert not bool(inside[..., 0, :].any())
    assert not bool(inside[..., :, -2:].any())


@pytest.mark.parametrize(
    ("shift", "angle"), [((3.0, 0.0), 0.0), ((-1.5, 2.25), 0.0), ((0.0, 0.0), 0.04), ((1.0, -1.0), -0.03)]
)
def test_the_flow_of_a_known_motion_is_found(shift: tuple[float, float], angle: float) -> None:
    """`previous` is the texture, and `current` shows at each pixel what the flow says is there in `previous`."""
    previous = draw_texture(HEIGHT, WIDTH)
    flow = make_flow(HEIGHT, WIDTH, shift=shift, angle=angle)
    motion = estimate_motion(previous, warp(previous, flow).clamp(0, 1))
    error = (motion.flow - flow)[INNER].square().sum(1).sqrt()
    assert float(error.mean()) < 0.2
    assert float(motion.validity[INNER].mean()) > 0.9


def test_what_a_moving_object_uncovers_is_not_valid() -> None:
    background, square = draw_texture(HEIGHT, WIDTH, seed=1, cell=6), draw_texture(48, 48, seed=2, cell=6)
    previous, current = background.clone(), background.clone()
    previous[..., 24:72, 40:88] = square
    current[..., 24:72, 46:94] = square
    motion = estimate_motion(previous, current)
    uncovered, inside = (slice(26, 70), slice(41, 45)), (slice(34, 62), slice(56, 84))
    assert float(motion.validity[0, 0][uncovered].mean()) < 0.3
    assert float(motion.validity[0, 0][inside].mean()) > 0.9
    assert float(motion.validity[0, 0, :16, :].mean()) > 0.9
    assert float(motion.flow[0, 0][inside].median()) == pytest.approx(-6, abs=0.3)


def test_inconsistent_flows_and_their_boundaries_are_not_valid() -> None:
    """By the definition: the flow there and back cancels, up to 1 % of its square and half a pixel squared."""
    backward = make_flow(40, 40, shift=(6.0, 0.0))
    assert float(check_consistency(backward, -backward)[..., 10:-10].mean()) == 1
    assert float(check_consistency(backward, make_flow(40, 40, shift=(-4.0, 0.0)))[..., 10:-10].mean()) == 0
    step = backward.clone()
    step[..., 20:, :] = 0
    validity = check_consistency(step, -step)
    assert float(validity[0, 0, 19:21, 10:20].max()) == 0
    assert float(validity[0, 0, 10:15, 10:20].min()) == 1
