"""The score of a result: image sizes, what is left out, and bad input."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from PIL import Image
from torch import Tensor

from barestyle.errors import ImageError, SpecError
from barestyle.metrics import METRICS, MetricInputs, compute, score


def test_the_content_itself_as_the_result(content_image: Image.Image, style_image: Image.Image) -> None:
    scores = score(content_image, content_image, style_image)
    assert scores.values["ssim"] == pytest.approx(1, abs=1e-6)
    assert set(scores.values) | set(scores.left_out) == set(METRICS)
    assert "name a file with --trained FILE or $BARESTYLE_VGG19" in scores.left_out["vgg"]


def test_images_are_resized_to_the_result(content_image: Image.Image, style_image: Image.Image) -> None:
    larger = content_image.resize((128, 96), Image.Resampling.NEAREST), style_image.resize((112, 128))
    scores = score(content_image, *larger, metrics=["ssim", "patches"])
    assert scores.values["ssim"] > 0.95
    assert list(scores.values) == ["ssim", "patches"]


def test_a_metric_that_is_not_finite_is_left_out_with_its_value(content: Tensor, style: Tensor) -> None:
    undefined = replace(METRICS["ssim"], compute=lambda _: math.nan)
    scores = compute(MetricInputs(content, content, style), [undefined, METRICS["patches"]])
    assert scores.left_out == {"ssim": "its value is nan for these images"}
    assert list(scores.values) == ["patches"]


def test_bad_input_is_an_error(content_image: Image.Image) -> None:
    with pytest.raises(SpecError, match="there is no metric 'sim'"):
        score(content_image, content_image, content_image, metrics=["sim"])
    with pytest.raises(SpecError, match="metric vgg cannot be computed; it needs trained weights"):
        score(content_image, content_image, content_image, metrics=["vgg"])
    with pytest.raises(ImageError, match="15 x 15 pixels; metrics need at least 16 per side, so give a larger image"):
        score(content_image.resize((15, 15)), content_image, content_image)
