"""SSIM against scikit-image's, MS-SSIM against plenoptic's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity
from torch import Tensor

from barestyle.metrics.structure import luma, ms_ssim, ssim
from tests.conftest import drawing, planes
from tests.metrics.conftest import MakeInputs


def add_noise(image: Tensor, amount: float, seed: int = 0) -> Tensor:
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    return (image + amount * noise).clamp(0, 1)


@pytest.mark.parametrize("measure", [ssim, ms_ssim])
def test_identical_images_score_one_and_noise_lowers_the_score(
    make_inputs: MakeInputs, content: Tensor, measure: type
) -> None:
    assert measure(make_inputs(content)) == pytest.approx(1, abs=1e-6)
    scores = [measure(make_inputs(add_noise(content, amount))) for amount in (0.02, 0.1, 0.3)]
    assert sorted(scores, reverse=True) == scores
    assert scores[-1] < 0.9


def test_ssim_equals_scikit_image(make_inputs: MakeInputs, content: Tensor) -> None:
    other = add_noise(content, 0.1)
    _, full = structural_similarity(
        luma(other)[0, 0].double().numpy(),
        luma(content)[0, 0].double().numpy(),
        gaussian_weights=True,
        use_sample_covariance=False,
        data_range=1.0,
        full=True,
    )
    assert ssim(make_inputs(other)) == pytest.approx(full[5:-5, 5:-5].mean(), abs=2e-4)


def test_ms_ssim_equals_plenoptic(make_inputs: MakeInputs) -> None:
    plenoptic = pytest.importorskip("plenoptic", reason="plenoptic is an extra")
    image = planes(drawing(256, 224, seed=5))
    other = F.avg_pool2d(add_noise(image, 0.1), 3, stride=1, padding=1)
    expected = plenoptic.metric.ms_ssim(luma(other).double(), luma(image).double())
    assert ms_ssim(make_inputs(other, content_image=image)) == pytest.approx(float(expected), abs=2e-3)


def test_a_small_image_gets_the_scales_that_fit(make_inputs: MakeInputs) -> None:
    small = planes(drawing(20, 16, seed=3))
    assert ms_ssim(make_inputs(add_noise(small, 0.2), content_image=small)) == pytest.approx(
        ssim(make_inputs(add_noise(small, 0.2), content_image=small)), abs=1e-4
    ), "a single scale is SSIM"
