"""SSIM against scikit-image's, MS-SSIM against plenoptic's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity
from torch import Tensor

from barestyle.metrics.structure import luma, ms_ssim, ssim
from tests.conftest import drawing, planes
from tests.metrics.conftest import Judge


def noisy(image: Tensor, amount: float, seed: int = 0) -> Tensor:
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    return (image + amount * noise).clamp(0, 1)


@pytest.mark.parametrize("measure", [ssim, ms_ssim])
def test_identical_pictures_score_one_and_noise_costs(judge: Judge, content: Tensor, measure: type) -> None:
    assert measure(judge(content)) == pytest.approx(1, abs=1e-6)
    scores = [measure(judge(noisy(content, amount))) for amount in (0.02, 0.1, 0.3)]
    assert sorted(scores, reverse=True) == scores
    assert scores[-1] < 0.9


def test_ssim_is_scikit_images(judge: Judge, content: Tensor) -> None:
    other = noisy(content, 0.1)
    _, full = structural_similarity(
        luma(other)[0, 0].double().numpy(),
        luma(content)[0, 0].double().numpy(),
        gaussian_weights=True,
        use_sample_covariance=False,
        data_range=1.0,
        full=True,
    )
    assert ssim(judge(other)) == pytest.approx(full[5:-5, 5:-5].mean(), abs=2e-4)


def test_ms_ssim_is_plenoptics(judge: Judge) -> None:
    plenoptic = pytest.importorskip("plenoptic", reason="plenoptic is an extra")
    image = planes(drawing(256, 224, seed=5))
    other = F.avg_pool2d(noisy(image, 0.1), 3, stride=1, padding=1)
    expected = plenoptic.metric.ms_ssim(luma(other).double(), luma(image).double())
    assert ms_ssim(judge(other, of=image)) == pytest.approx(float(expected), abs=2e-3)


def test_a_small_picture_gets_the_scales_that_fit(judge: Judge) -> None:
    small = planes(drawing(20, 16, seed=3))
    assert ms_ssim(judge(noisy(small, 0.2), of=small)) == pytest.approx(
        ssim(judge(noisy(small, 0.2), of=small)), abs=1e-4
    ), "one scale alone is SSIM"
