"""Inputs at several sizes, and pixels that stay the content's."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from barestyle import transfer, with_settings
from barestyle.images import resize
from barestyle.networks import Size
from barestyle.run.scaled_inputs import ScaledInputs, upsample_change
from tests.run.conftest import input_spec, mask


def test_protected_pixels_stay_and_the_rest_is_painted(
    content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    for settings in ({}, {"start": "noise"}, {"optimizer": "adam", "optimizer.learning_rate": 0.03}, {"size": 48}):
        spec = with_settings(input_spec("bare", style_loss="whitened"), settings)
        found = transfer(content_image, style_image, spec, keep=mask()).image
        whole = resize(content, *found.shape[-2:])
        half = found.shape[-1] // 2
        assert torch.equal(found[..., : half - 1], whole[..., : half - 1])
        assert float((found - whole)[..., half + 1 :].abs().mean()) > 0.02


def test_a_gray_mask_keeps_in_part(content_image: Image.Image, content: Tensor, style_image: Image.Image) -> None:
    changes = [
        float((transfer(content_image, style_image, input_spec(), keep=keep).image - content)[..., :32].abs().mean())
        for keep in (mask(left=0.0, right=0.5), mask(left=0.5), mask(left=0.9), mask(left=1.0))
    ]
    assert changes == sorted(changes, reverse=True)
    assert len(set(changes)) == 4


def test_a_start_keeps_its_strokes_from_coarse_to_fine(content_image: Image.Image, style_image: Image.Image) -> None:
    """With the content it has in common what it was painted from, not how fine that is."""
    spec = input_spec("bare", content_loss__strength=1.0, optimizer__steps=1, scales__finest_steps=1)
    start = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    found = transfer(content_image, style_image, spec, start=start).image
    detail = [one - torch.nn.functional.avg_pool2d(one, 3, 1, 1) for one in (found, start)]
    assert float(torch.nn.functional.cosine_similarity(detail[0].flatten(), detail[1].flatten(), dim=0)) > 0.5


def test_an_unchanged_content_stays_itself_at_any_size(content: Tensor) -> None:
    whole = ScaledInputs(content, (), content)
    smaller = whole.resize(Size(20, 27))
    less = smaller.content
    assert torch.equal(upsample_change(less, smaller, whole), content)
    brighter = upsample_change((less + 0.1).clamp(0, 1), smaller, whole)
    torch.testing.assert_close(brighter.mean(), (content + 0.1).clamp(0, 1).mean(), atol=0.01, rtol=0)
    assert upsample_change(content, whole, whole) is content
