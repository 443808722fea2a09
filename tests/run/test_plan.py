"""Plans: the sizes at which pictures are used."""

from __future__ import annotations

import pytest
from PIL import Image
from torch import Tensor

from barestyle import preset, transfer, with_settings
from barestyle.images import resize
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from tests.conftest import drawing
from tests.run.conftest import input_spec


def test_a_style_is_as_large_as_the_result_times_its_scale(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    for scale, long_side in ((1.0, 64), (0.5, 32), (2.0, 128)):
        (style,) = prepare(Request(content_image, style_image, input_spec(style_scale=scale))).styles
        assert max(style.picture.height, style.picture.width) == long_side
        assert style.picture.width / style.picture.height == pytest.approx(56 / 64, abs=0.02)
    plain, half = (transfer(content_image, style_image, input_spec(style_scale=scale)).image for scale in (1.0, 0.5))
    assert float((plain - half).abs().mean()) > 0.01


def test_a_small_picture_predicts_the_large_one() -> None:
    """Strokes are relative to the picture: 64 and 256 pixels agree better than two seeds or two styles do.

    The guide makes the results of two seeds nearly as similar as those of two sizes.
    """
    content, style, other = drawing(256, 192, 1), drawing(256, 256, 2), drawing(256, 256, 5)

    def painted(size: int, style: Image.Image, seed: int = 0) -> Tensor:
        spec = with_settings(preset("bare").spec, {"size": size, "network.channels": 16})
        return resize(transfer(content, style, spec, seed=seed).image, 48, 64)

    preview, large = painted(64, style), painted(256, style)
    apart = float((preview - large).abs().mean())
    assert apart < float((painted(64, style, seed=1) - large).abs().mean())
    assert apart < 0.5 * float((painted(64, other) - large).abs().mean())
