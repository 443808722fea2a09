"""Instant pictures for the screen: painted once, and finished again for each strength as the slider moves."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from barestyle.feed_forward import TrainedStyle
from barestyle.feed_forward.finishing import finish, measure_curves
from barestyle.feed_forward.image_sizes import SMALLEST_SIDE
from barestyle.images import Picture
from barestyle.plots.data_uri import data_uri
from barestyle.ui import previews
from barestyle.ui.instant_painter import InstantPainter
from barestyle.ui.trained_styles import TrainedStyleFile

CACHED_PAINTINGS = 16
"""Paintings that are kept with their photos, of at most 15 MB each."""

SETTLED = {"quality": 92, "subsampling": 0}
"""Options of the JPEG encoder when the sliders rest: strokes keep their colors."""

MOVING = {"quality": previews.FRAME_QUALITY}
"""The same until then."""

ENCODING_SECONDS = 0.1
"""About what finishing and encoding take, by which the thread is chosen."""


@dataclass(frozen=True)
class Painting:
    """A photo and its painting before it is finished, both at most previews.RESULT_SIDE long.

    `style` and `name` are what it is painted in. `is_draft` says that both are smaller than what was asked for.
    """

    photo: Image.Image
    painted: Image.Image
    style: TrainedStyle
    name: str
    is_draft: bool

    @property
    def side(self) -> int:
        """Pixels of the long side."""
        return max(self.photo.size)

    def finish(self, strength: float, side: int) -> Image.Image:
        """Return the picture at a strength from 0 to 1, with a long side of at most `side` pixels."""
        photo, painted = (_to_pixels(_shrink(image, side)) for image in (self.photo, self.painted))
        weights = self.style.mix({self.name: 1.0}, strength)
        curves = measure_curves(painted, photo, weights, self.style.network.palette)
        return previews.to_image(finish(painted, photo, weights, curves), None)


@dataclass(frozen=True)
class Preview:
    """A picture for the screen and the photo beside it, as data URLs; no photo if the page has it.

    `side` is the pixels of the photo's long side.
    """

    picture: str
    photo: str
    side: int
    is_draft: bool


class InstantPreviews:
    """Makes previews, and keeps the latest paintings."""

    def __init__(self, painter: InstantPainter) -> None:
        self._painter = painter
        self._paintings: OrderedDict[tuple[object, ...], Painting] = OrderedDict()

    async def find_painting(
        self,
        style: TrainedStyleFile,
        name: str,
        sha256: str,
        read_photo: Callable[[], Picture],
        shape: tuple[int, int],
        *,
        is_settled: bool,
        owner: object,
    ) -> Painting:
        """Return the painting of a photo at a shape (height, width), or of a smaller copy until the form is settled.

        `sha256` is the photo's digest; `read_photo` is called in the thread that paints, so that pictures that wait
        take no memory; `owner` is the session that asks. Raises what `read_photo`, `InstantPainter.run` and
        `InstantPainter.paint` raise.
        """
        key = (style.info.sha256, name, sha256, shape)
        if key in self._paintings:
            self._paintings.move_to_end(key)
            return self._paintings[key]
        factor = 1.0 if is_settled else self._painter.choose_draft(style, *shape)
        height, width = (max(SMALLEST_SIDE, round(side * factor)) for side in shape) if factor < 1 else shape

        def paint() -> Painting:
            resized = read_photo().resize(height, width)
            painter = self._painter.find_painter(style, name, resized)
            painted = self._painter.compute_output(style, painter, resized)
            before, after = (previews.to_image(each.pixels, each.alpha) for each in (resized, painted))
            return Painting(before, after, painter.style, name, factor < 1)

        painting = await self._painter.run(paint, self._painter.expect(style, height * width), owner)
        if not painting.is_draft:
            self._paintings[key] = painting
            if len(self._paintings) > CACHED_PAINTINGS:
                self._paintings.popitem(last=False)
        return painting

    async def encode(
        self, painting: Painting, strength: float, *, is_settled: bool, known_side: int, owner: object
    ) -> Preview:
        """Return a preview: a small one until the form is settled.

        `known_side` is the long side in pixels of the photo that the page has; a larger one is sent again. `owner` is
        the session that asks. Raises what `InstantPainter.run` raises.
        """
        limit = previews.RESULT_SIDE if is_settled else previews.FRAME_SIDE
        options = SETTLED if is_settled else MOVING
        side = min(limit, painting.side)

        def encode() -> Preview:
            picture = _to_url(painting.finish(strength, side), options)
            photo = "" if known_side >= side else _to_url(_shrink(painting.photo, side), options)
            return Preview(picture, photo, max(side, known_side), painting.is_draft)

        return await self._painter.run(encode, ENCODING_SECONDS, owner)


def _to_pixels(image: Image.Image) -> Tensor:
    """Return an image as (1, 3, H, W) in 0..1."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def _to_url(image: Image.Image, options: Mapping[str, int]) -> str:
    """Return an image as the data URL of a JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return data_uri(buffer.getvalue(), "jpeg")


def _shrink(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    factor = side / max(image.size)
    width, height = (max(1, round(pixels * factor)) for pixels in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
