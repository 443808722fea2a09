"""Distances to the style: zero for the style itself, a known number for a known change."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from kornia.color import lab_to_rgb, rgb_to_lab
from scipy.stats import wasserstein_distance
from torch import Tensor

from barestyle.metrics import MetricInputs
from barestyle.metrics.color import lab_wasserstein
from barestyle.metrics.gram_distance import held_out_distance
from barestyle.metrics.patches import extract_patches, patch_wasserstein
from barestyle.metrics.portilla_simoncelli import portilla_simoncelli
from tests.metrics.conftest import MakeInputs

Measure = Callable[[MetricInputs], float]


@pytest.mark.parametrize("measure", [patch_wasserstein, lab_wasserstein, held_out_distance])
def test_the_style_itself_has_distance_zero_and_a_blend_is_between(
    make_inputs: MakeInputs, content: Tensor, style: Tensor, measure: Measure
) -> None:
    assert measure(make_inputs(style)) == pytest.approx(0, abs=1e-5)
    crops = content[..., : style.shape[-1]], style[..., : content.shape[-2], :]
    distances = [measure(make_inputs(torch.lerp(*crops, share), style_image=crops[1])) for share in (0.0, 0.5, 0.9)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] > 0


def test_patches_shifted_by_a_number_have_that_distance(make_inputs: MakeInputs, style: Tensor) -> None:
    """Shifting all samples by v moves the projection on a unit vector u by v Σu, which is v² on average over u."""
    darker = style * 0.5
    shift = 0.25
    assert patch_wasserstein(make_inputs(darker + shift, style_image=darker)) == pytest.approx(shift, rel=0.15)


def test_patches_are_those_of_the_image(content: Tensor) -> None:
    patches = extract_patches(content, seed=1)
    assert patches.shape == (58 * 42, 3 * 7 * 7)
    assert torch.equal(patches[0], content[0, :, :7, :7].flatten())
    larger = content.repeat(1, 1, 2, 2)
    assert extract_patches(larger, seed=1).shape == (4096, 147)
    assert torch.equal(extract_patches(larger, seed=1), extract_patches(larger, seed=1))


def test_colors_shifted_in_lab(make_inputs: MakeInputs) -> None:
    """A shift of all colors by v: on average over directions u, (v u)² is |v|² / 3."""
    generator = torch.Generator().manual_seed(0)
    lab = torch.rand(1, 3, 40, 50, generator=generator) * 20 + torch.tensor([40.0, -10.0, -10.0]).view(1, 3, 1, 1)
    moved = lab + torch.tensor([9.0, 0.0, 0.0]).view(1, 3, 1, 1)
    distance = lab_wasserstein(make_inputs(lab_to_rgb(moved), style_image=lab_to_rgb(lab)))
    assert distance == pytest.approx(9 / math.sqrt(3), rel=0.1)
    assert torch.allclose(rgb_to_lab(lab_to_rgb(lab)), lab, atol=0.05)


def test_grays_have_the_distance_of_scipy(make_inputs: MakeInputs) -> None:
    """Grays are on one axis of Lab, where the distance has a second implementation."""
    random = np.random.default_rng(0)
    grays = [random.beta(*shape, size=(32, 32)).astype(np.float32) for shape in ((2, 5), (5, 2))]
    dark, light = (torch.from_numpy(gray)[None, None].repeat(1, 3, 1, 1) for gray in grays)
    lightness = [np.sort(rgb_to_lab(image)[0, 0].numpy().ravel()) for image in (dark, light)]
    quadratic = math.sqrt(float(np.mean((lightness[0] - lightness[1]) ** 2)))
    assert quadratic >= wasserstein_distance(*lightness) - 1e-6, "the order of the two distances"
    assert lab_wasserstein(make_inputs(dark, style_image=light)) == pytest.approx(quadratic / math.sqrt(3), rel=0.1)


def test_portilla_simoncelli_tells_textures_apart(make_inputs: MakeInputs, content: Tensor, style: Tensor) -> None:
    pytest.importorskip("plenoptic", reason="plenoptic is an extra")
    assert portilla_simoncelli(make_inputs(style)) == pytest.approx(0, abs=1e-9)
    mirrored = style.roll(shifts=(16, 16), dims=(2, 3))
    assert portilla_simoncelli(make_inputs(mirrored)) < portilla_simoncelli(make_inputs(content))
