"""Plans: the sizes at which pictures are used."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image
from torch import Tensor

from barestyle import preset, transfer, with_settings
from barestyle.distributed import ProcessGroup
from barestyle.errors import SpecError
from barestyle.images import read, resize
from barestyle.run.plan import prepare, read_content
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

    With the guide they agree even better; so do two seeds, however.
    """
    content, style, other = drawing(256, 192, 1), drawing(256, 256, 2), drawing(256, 256, 5)

    def painted(size: int, guide: str, style: Image.Image = style, seed: int = 0) -> Tensor:
        settings = {"size": size, "network.channels": 16, "style_loss.guide": guide}
        result = transfer(content, style, with_settings(preset("bare").spec, settings), seed=seed)
        return resize(result.image, 48, 64)

    apart = {}
    for guide in ("none", "structure"):
        large = painted(256, guide)
        apart[guide] = float((painted(64, guide) - large).abs().mean())
        assert apart[guide] < 0.5 * float((painted(64, guide, other) - large).abs().mean())
        largest = {"none": 0.7, "structure": 1.0}[guide]
        assert apart[guide] < largest * float((painted(64, guide, seed=1) - large).abs().mean())
    assert apart["structure"] < apart["none"]


def test_more_processes_than_rows_are_refused(content_image: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barestyle.run.plan.read_split", lambda source, *_, **__: read(source))
    many = cast(ProcessGroup, SimpleNamespace(size=20, rank=0))
    with pytest.raises(SpecError, match="20 processes are too many for 48 rows of pixels; use at most 12, or a larger"):
        read_content(content_image, input_spec(), 10**6, many)
