"""Distances to the style: nothing for the style itself, a known number for a known change."""

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
from barestyle.metrics.gram_distance import HELD_OUT, HELD_OUT_SEEDS, held_out
from barestyle.metrics.patches import patch_wasserstein, patches
from barestyle.metrics.portilla_simoncelli import portilla_simoncelli
from barestyle.networks import build
from tests.metrics.conftest import Judge

Measure = Callable[[MetricInputs], float]


@pytest.mark.parametrize("measure", [patch_wasserstein, lab_wasserstein, held_out])
def test_the_style_itself_is_at_no_distance_and_a_blend_between(
    judge: Judge, content: Tensor, style: Tensor, measure: Measure
) -> None:
    assert measure(judge(style)) == pytest.approx(0, abs=1e-5)
    cut = content[..., : style.shape[-1]], style[..., : content.shape[-2], :]
    distances = [measure(judge(torch.lerp(*cut, share), against=cut[1])) for share in (0.0, 0.5, 0.9)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] > 0


def test_patches_shifted_by_a_number_are_that_far_away(judge: Judge, style: Tensor) -> None:
    """Shifting all samples by v moves the projection on a unit vector u by v Σu, which is v² on average over u."""
    darker = style * 0.5
    shift = 0.25
    assert patch_wasserstein(judge(darker + shift, against=darker)) == pytest.approx(shift, rel=0.15)


def test_patches_are_those_of_the_picture(content: Tensor) -> None:
    cut = patches(content, seed=1)
    assert cut.shape == (58 * 42, 3 * 7 * 7)
    whole = content[0, :, :7, :7].flatten()
    assert torch.equal(cut[0], whole)
    again = patches(content.repeat(1, 1, 2, 2), seed=1)
    assert again.shape == (4096, 147)
    assert torch.equal(again, patches(content.repeat(1, 1, 2, 2), seed=1))


def test_colors_shifted_in_lab(judge: Judge) -> None:
    """A shift of all colors by v: on average over directions u, (v u)² is |v|² / 3."""
    generator = torch.Generator().manual_seed(0)
    lab = torch.rand(1, 3, 40, 50, generator=generator) * 20 + torch.tensor([40.0, -10.0, -10.0]).view(1, 3, 1, 1)
    moved = lab + torch.tensor([9.0, 0.0, 0.0]).view(1, 3, 1, 1)
    distance = lab_wasserstein(judge(lab_to_rgb(moved), against=lab_to_rgb(lab)))
    assert distance == pytest.approx(9 / math.sqrt(3), rel=0.1)
    assert torch.allclose(rgb_to_lab(lab_to_rgb(lab)), lab, atol=0.05)


def test_grays_have_scipys_distance(judge: Judge) -> None:
    """Grays lie on one axis of Lab, where the distance has a second implementation."""
    random = np.random.default_rng(0)
    grays = [random.beta(*shape, size=(32, 32)).astype(np.float32) for shape in ((2, 5), (5, 2))]
    one, other = (torch.from_numpy(gray)[None, None].repeat(1, 3, 1, 1) for gray in grays)
    lightness = [np.sort(rgb_to_lab(image)[0, 0].numpy().ravel()) for image in (one, other)]
    quadratic = math.sqrt(float(np.mean((lightness[0] - lightness[1]) ** 2)))
    assert quadratic >= wasserstein_distance(*lightness) - 1e-6, "the order of the two distances"
    assert lab_wasserstein(judge(one, against=other)) == pytest.approx(quadratic / math.sqrt(3), rel=0.1)


def test_held_out_networks_against_numpy(judge: Judge, content: Tensor, style: Tensor) -> None:
    wanted = []
    for seed in HELD_OUT_SEEDS:
        network = build(HELD_OUT, seed=seed, deepest_tap=5).double()
        grams = []
        for image in (content, style):
            maps = {tap: np.maximum(f[0].numpy(), 0) for tap, f in network(image.double()).items()}
            grams.append({t: np.einsum("chw,dhw->cd", f, f) / f[0].size for t, f in maps.items()})
        wanted += [np.sum((grams[0][t] - grams[1][t]) ** 2) / np.sum(grams[1][t] ** 2) for t in grams[0]]
    assert held_out(judge(content)) == pytest.approx(np.mean(wanted), rel=1e-3)


def test_portilla_simoncelli_knows_a_texture_from_another(judge: Judge, content: Tensor, style: Tensor) -> None:
    pytest.importorskip("plenoptic", reason="plenoptic is an extra")
    assert portilla_simoncelli(judge(style)) == pytest.approx(0, abs=1e-9)
    mirrored = style.roll(shifts=(16, 16), dims=(2, 3))
    assert portilla_simoncelli(judge(mirrored)) < portilla_simoncelli(judge(content))
