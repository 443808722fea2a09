"""Colors from the content, applied before (preprocess) or after (postprocess) the optimization."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import transfer, with_settings
from barestyle.images import color_transfer
from tests.conftest import planes
from tests.run.conftest import input_spec


def chroma(image: Tensor) -> Tensor:
    return image - color_transfer.luminance(image)


@pytest.mark.parametrize("when", ["before", "after"])
def test_luminance_alone_keeps_the_contents_colors(
    when: str, content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    strong = {"content_loss__strength": 0.9}
    plain = transfer(content_image, style_image, input_spec("bare", **strong))
    result = transfer(content_image, style_image, input_spec("bare", colors="luminance", colors__when=when, **strong))
    assert float((color_transfer.luminance(result.image) - color_transfer.luminance(content)).abs().mean()) > 0.01
    # A color that would leave 0..1 at its luminance is moved towards gray until its largest or smallest channel is 1 or
    # 0, up to the rounding of a quotient, a product and a sum: half of float32's eps each. All other colors are kept.
    edge = 1.5 * torch.finfo(torch.float32).eps
    image = result.image
    inside = (chroma(image).abs().amax(1) > 0) & (image.amin(1) > edge) & (image.amax(1) < 1 - edge)
    assert float(inside.float().mean()) > 0.5
    torch.testing.assert_close(chroma(image)[:, :, inside[0]], chroma(content)[:, :, inside[0]], atol=1e-6, rtol=0)
    if when == "after":
        torch.testing.assert_close(
            color_transfer.luminance(image), color_transfer.luminance(plain.image), atol=1e-6, rtol=0
        )
        assert result.losses == plain.losses


def test_luminance_before_paints_in_gray(content_image: Image.Image, style_image: Image.Image) -> None:
    """Of a style only the luminance matters, and not its mean and deviation either: equation 10 takes them out.

    The gray style is made in float64, so that the two styles differ by float32's rounding, which six steps multiply to
    about 2e-6. More steps may differ in a decision of the line search, and then pictures do not match. Total variation
    has kinks where neighbors are equal, which make more of rounding, so it is left out.
    """
    luminance = color_transfer.luminance(planes(style_image).double())[0, 0].numpy()
    gray = np.repeat((0.25 + luminance / 2)[..., None], 3, axis=2)
    spec = input_spec("bare", colors="luminance", optimizer__steps=6, smoothness="none")
    first, second = (transfer(content_image, style, spec).image for style in (style_image, gray))
    torch.testing.assert_close(first, second, atol=1e-5, rtol=0)


@pytest.mark.parametrize("method", ["mean-covariance", "histogram"])
@pytest.mark.parametrize("space", ["linear-rgb", "lab"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_matched_colors_are_nearer_to_the_contents(
    when: str, space: str, method: str, content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    settings = {"colors__when": when, "colors__space": space, "colors__method": method}
    plain = transfer(content_image, style_image, input_spec("bare", content_loss__strength=0.9)).image
    spec = input_spec("bare", content_loss__strength=0.9, colors="matched", **settings)
    found = transfer(content_image, style_image, spec).image

    def off(image: Tensor) -> float:
        return float((image.mean((2, 3)) - content.mean((2, 3))).norm())

    assert off(found) < off(plain) / 2
    assert float((found - content).abs().mean()) > 0.02


@pytest.mark.parametrize("settings", [{"colors": "luminance"}, {"colors": "matched"}])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_transparent_in_the_content_has_no_colors(
    when: str, settings: dict[str, Any], content_image: Image.Image, style_image: Image.Image
) -> None:
    """A dark cut-out of which most is transparent: its white is nobody's palette."""
    dark = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    dark.paste(content_image.point(lambda value: value // 4).crop((0, 0, 24, 24)), (20, 12))
    spec = with_settings(input_spec("bare", content_loss__strength=0.9), {**settings, "colors.when": when})
    if when == "before":  # the white has to be painted over
        spec = with_settings(spec, {"optimizer.steps": 40, "scales.finest_steps": 20})
    found = transfer(dark, style_image, spec).image[..., 14:34, 22:42]
    assert float(found.mean()) < 0.5
