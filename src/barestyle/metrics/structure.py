"""How much of the content is left: structural similarity of lightness."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from kornia.color import rgb_to_grayscale
from kornia.filters import filter2d, get_gaussian_kernel2d
from kornia.metrics import ssim as similarity_map
from torch import Tensor

from barestyle.metrics.metric import MetricInputs

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03
"""Window and constants of Wang et al. 2004, doi:10.1109/TIP.2003.819861, section III-C."""

SCALE_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Weights of the five scales, finest first (Wang, Simoncelli & Bovik 2003, doi:10.1109/ACSSC.2003.1292216)."""


def luma(image: Tensor) -> Tensor:
    """(1, 3, H, W) to (1, 1, H, W) by Rec. 601's weights."""
    gray: Tensor = rgb_to_grayscale(image)
    return gray


def ssim(judged: MetricInputs) -> float:
    """Mean structural similarity of lightness to the content, from -1 to 1; 1 for identical pictures."""
    padding = "valid" if min(judged.result.shape[-2:]) > WINDOW else "same"
    return float(similarity_map(luma(judged.result), luma(judged.content), WINDOW, padding=padding).mean())


def ms_ssim(judged: MetricInputs) -> float:
    """Multi-scale structural similarity of lightness to the content, from 0 to 1.

    Halved by 2x2 means between scales. A picture too small for five windows gets the scales that fit, their
    exponents divided by their sum: then values of different sizes are not comparable.
    """
    one, other = luma(judged.result), luma(judged.content)
    scales = sum(min(one.shape[-2:]) >> level >= WINDOW for level in range(len(SCALE_EXPONENTS)))
    exponents = torch.tensor(SCALE_EXPONENTS[: max(scales, 1)])
    value = torch.ones(())
    for level, exponent in enumerate(exponents / exponents.sum()):
        similarity, contrast = _terms(one, other)
        last = level == len(exponents) - 1
        # A negative mean has no fractional power; such scales share nothing with the content.
        value = value * (similarity if last else contrast).clamp(min=0) ** exponent
        one, other = (one, other) if last else (F.avg_pool2d(one, 2), F.avg_pool2d(other, 2))
    return float(value)


def _terms(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Means over the picture of the whole similarity, and of its contrast and structure alone."""
    kernel = get_gaussian_kernel2d((WINDOW, WINDOW), (SIGMA, SIGMA))
    padding = "valid" if min(one.shape[-2:]) > WINDOW else "same"

    def blurred(values: Tensor) -> Tensor:
        smooth: Tensor = filter2d(values, kernel, padding=padding)
        return smooth

    mean_one, mean_other = blurred(one), blurred(other)
    variance_one = blurred(one * one) - mean_one**2
    variance_other = blurred(other * other) - mean_other**2
    covariance = blurred(one * other) - mean_one * mean_other
    contrast = (2 * covariance + K2**2) / (variance_one + variance_other + K2**2)
    lightness = (2 * mean_one * mean_other + K1**2) / (mean_one**2 + mean_other**2 + K1**2)
    return (lightness * contrast).mean(), contrast.mean()
