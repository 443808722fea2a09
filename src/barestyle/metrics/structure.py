"""How much of the content is preserved: structural similarity of lightness."""

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
    """Return the luma of (1, 3, H, W) as (1, 1, H, W), with the weights of ITU-R BT.601."""
    gray: Tensor = rgb_to_grayscale(image)
    return gray


def ssim(inputs: MetricInputs) -> float:
    """Return the mean structural similarity of lightness to the content, from -1 to 1; 1 for identical images."""
    padding = "valid" if min(inputs.result.shape[-2:]) > WINDOW else "same"
    return float(similarity_map(luma(inputs.result), luma(inputs.content), WINDOW, padding=padding).mean())


def ms_ssim(inputs: MetricInputs) -> float:
    """Return the multi-scale structural similarity of lightness to the content, from 0 to 1.

    Images are halved by 2x2 means between scales. One that is too small for five scales gets those that fit, with
    exponents divided by their sum; values of different sizes are not comparable then.
    """
    return multi_scale_similarity(luma(inputs.result), luma(inputs.content))


def image_distance(first: Tensor, second: Tensor) -> float:
    """Return how different two images of one size look, from 0 for identical ones to 1.

    It is 1 minus the mean multi-scale structural similarity of their red, green and blue channels. Both are
    (1, 3, H, W) in 0..1, sRGB.
    """
    channels = range(first.shape[1])
    return 1 - sum(multi_scale_similarity(first[:, i : i + 1], second[:, i : i + 1]) for i in channels) / len(channels)


def multi_scale_similarity(first: Tensor, second: Tensor) -> float:
    """Return the multi-scale structural similarity of two images (1, 1, H, W) in 0..1; see `ms_ssim`."""
    scales = sum(min(first.shape[-2:]) >> level >= WINDOW for level in range(len(SCALE_EXPONENTS)))
    exponents = torch.tensor(SCALE_EXPONENTS[: max(scales, 1)])
    value = torch.ones(())
    for level, exponent in enumerate(exponents / exponents.sum()):
        similarity, contrast = _similarity_terms(first, second)
        is_last = level == len(exponents) - 1
        # A negative mean has no fractional power; such scales share nothing with the content.
        value = value * (similarity if is_last else contrast).clamp(min=0) ** exponent
        if not is_last:
            first, second = F.avg_pool2d(first, 2), F.avg_pool2d(second, 2)
    return float(value)


def _similarity_terms(image: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean similarity of two images (1, 1, H, W), and that of its contrast and structure terms alone."""
    kernel = get_gaussian_kernel2d((WINDOW, WINDOW), (SIGMA, SIGMA))
    padding = "valid" if min(image.shape[-2:]) > WINDOW else "same"

    def blur(values: Tensor) -> Tensor:
        smooth: Tensor = filter2d(values, kernel, padding=padding)
        return smooth

    mean, reference_mean = blur(image), blur(reference)
    variance = blur(image * image) - mean**2
    reference_variance = blur(reference * reference) - reference_mean**2
    covariance = blur(image * reference) - mean * reference_mean
    contrast = (2 * covariance + K2**2) / (variance + reference_variance + K2**2)
    lightness = (2 * mean * reference_mean + K1**2) / (mean**2 + reference_mean**2 + K1**2)
    return (lightness * contrast).mean(), contrast.mean()
