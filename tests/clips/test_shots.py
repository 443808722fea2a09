"""Cuts: between different scenes, and not within a shot, however it moves or fades."""

from __future__ import annotations

import torch

from barestyle.clips.shots import ShotDetector, measure_histogram_change
from tests.clips.cases import draw_texture, pan
from tests.conftest import drawing, planes


def test_a_cut_is_found_and_motion_is_none() -> None:
    first, second = (planes(drawing(200, 90, seed)) for seed in (3, 8))
    frames = [scene[..., shift : shift + 160] for scene in (first, second) for shift in range(0, 40, 5)]
    detector = ShotDetector()
    assert [detector.is_cut(frame) for frame in frames] == [number in (0, 8) for number in range(16)]


def test_a_fade_and_noise_are_no_cuts() -> None:
    scene, other = (planes(drawing(160, 90, seed)) for seed in (3, 8))
    generator = torch.Generator().manual_seed(0)
    frames = [scene.lerp(other, number / 15) for number in range(16)]
    noisy = [(frame + 0.05 * torch.randn(frame.shape, generator=generator)).clamp(0, 1) for frame in frames]
    detector = ShotDetector()
    assert sum(detector.is_cut(frame) for frame in noisy) == 1


def test_a_detector_continues_from_a_state() -> None:
    frames = [*pan(4, 48, 64), *(1 - frame for frame in pan(4, 48, 64, step=-2.0))]
    whole, first, second = ShotDetector(), ShotDetector(), ShotDetector()
    expected = [whole.is_cut(frame) for frame in frames]
    for frame in frames[:3]:
        first.is_cut(frame)
    second.load_state(first.state())
    assert [second.is_cut(frame) for frame in frames[3:]] == expected[3:]


def test_the_histograms_of_nothing_in_common_differ_by_1() -> None:
    texture = draw_texture(20, 20)
    assert measure_histogram_change(texture, texture.flip(3)) < 1e-9
    assert measure_histogram_change(torch.zeros(1, 3, 9, 9), torch.ones(1, 3, 9, 9)) == 1
    small = measure_histogram_change(torch.full((1, 3, 9, 9), 0.5), torch.full((1, 3, 9, 9), 0.51))
    assert small < 0.25
