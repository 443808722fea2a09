"""From a plan to a minimizer's inputs: regions, and the image that a run starts from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import StyleLoss, transfer
from barestyle.run.plan import prepare
from barestyle.run.preprocess import group_regions
from barestyle.run.request import Request
from tests.conftest import drawing
from tests.run.conftest import input_spec, mask


def test_styles_under_one_mask_are_pooled(content_image: Image.Image, style_image: Image.Image) -> None:
    other = drawing(50, 60, seed=9)
    plan = prepare(
        Request(
            content_image,
            [style_image, other, style_image],
            input_spec(),
            masks=[mask(), mask(), None],
            weights=(1, 3, 2),
        )
    )
    first, rest = group_regions(plan.styles, None)
    assert [sample.share for sample in first.styles] == [0.25, 0.75]
    assert (first.weight, rest.weight) == (1.0, 1.0), "two is the mean of all three"
    assert first.mask is not None
    assert rest.mask is not None
    torch.testing.assert_close(first.mask + rest.mask, torch.ones_like(first.mask))


def test_a_style_in_a_small_region_remains_beside_protected_pixels(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    dot, half = np.zeros((48, 64)), np.tile(np.linspace(0, 1, 64), (48, 1))
    dot[20, 20] = 1
    plan = prepare(Request(content_image, [style_image, style_image], input_spec(), masks=[None, dot], keep=half))
    _, second = group_regions(plan.styles, plan.keep)
    assert second.mask is not None
    assert float(second.mask.sum()) == pytest.approx(1 - 20 / 63, abs=1e-3)


def test_a_texture_from_noise_is_independent_of_the_content(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    """At strength 1, which has neither content loss nor, from noise, a guide; at others it is not."""
    contents = content_image, drawing(64, 48, seed=8)
    for strength, same in ((1.0, True), (0.9, False)):
        spec = input_spec("bare", start="noise", content_loss__strength=strength)
        first, second = (transfer(content, style_image, spec).image for content in contents)
        assert torch.equal(first, second) == same
    assert not torch.equal(first, transfer(content_image, style_image, spec, seed=1).image)


def test_a_run_continues_from_an_earlier_result(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = input_spec()
    earlier = transfer(content_image, style_image, spec)
    further = transfer(content_image, style_image, spec, start=earlier.image)
    assert further.losses[0] == pytest.approx(float(StyleLoss(style_image, spec)(earlier.image)), rel=1e-4)
    assert further.losses[0] < earlier.losses[0] / 10
    assert min(further.losses) < min(earlier.losses)
    assert further.record.spec.start.kind == "picture"
    assert further.record.start is not None
