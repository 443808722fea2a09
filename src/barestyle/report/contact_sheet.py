"""Contact sheets: the images of a figure in one PNG, laid out like the paper's figures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

PALETTE_COLORS = 256
"""Colors of a sheet's palette. A third of the bytes of a true-color PNG, without a visible difference."""

MARGIN = 6
CAPTION_HEIGHT = 12
CAPTION_LINES = 2
"""A longer caption is cut."""

MAX_COLUMNS = 7


@dataclass(frozen=True)
class CaptionedImage:
    """An image as the bytes of a file, or None if it is missing, and its caption."""

    image: bytes | None
    caption: str


def draw_sheet(
    title: str, groups: Sequence[tuple[str, Sequence[CaptionedImage]]], cell_size: tuple[int, int]
) -> Image.Image:
    """Return groups of images, one below the other, each with its heading; `cell_size` is an image's width, height."""
    width, height = cell_size
    step = width + MARGIN, height + MARGIN + CAPTION_LINES * (CAPTION_HEIGHT + 2)
    columns = min(MAX_COLUMNS, max(len(images) for _, images in groups))
    heights = [CAPTION_HEIGHT + 3 * MARGIN + -(-len(images) // columns) * step[1] for _, images in groups]
    canvas = Image.new("RGB", (MARGIN + columns * step[0], 4 * MARGIN + CAPTION_HEIGHT + sum(heights)), "white")
    draw = ImageDraw.Draw(canvas)
    draw.text((MARGIN, MARGIN), title, fill="black", font=_load_font(bold=True))
    top = 3 * MARGIN + CAPTION_HEIGHT
    for (heading, images), group_height in zip(groups, heights, strict=True):
        draw.text((MARGIN, top), heading, fill="#555555", font=_load_font(bold=False))
        for i, image in enumerate(images):
            left = MARGIN + i % columns * step[0]
            _draw_image(canvas, image, (left, top + CAPTION_HEIGHT + 2 * MARGIN + i // columns * step[1]), cell_size)
        top += group_height
    return canvas.quantize(PALETTE_COLORS, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)


def _draw_image(
    canvas: Image.Image, captioned: CaptionedImage, position: tuple[int, int], size: tuple[int, int]
) -> None:
    left, top = position
    draw = ImageDraw.Draw(canvas)
    font = _load_font(bold=False)
    if captioned.image is None:
        draw.rectangle((left, top, left + size[0] - 1, top + size[1] - 1), outline="#bbbbbb")
        draw.text((left + MARGIN, top + MARGIN), "not available", fill="#888888", font=font)
    else:
        with Image.open(io.BytesIO(captioned.image)) as image:
            canvas.paste(image.convert("RGB"), position)
    for i, line in enumerate(_wrap(captioned.caption, size[0])):
        draw.text((left, top + size[1] + 2 + i * (CAPTION_HEIGHT + 1)), line, fill="black", font=font)


def _wrap(text: str, width: int) -> list[str]:
    """Return at most CAPTION_LINES lines of the text that fit the width; the rest of the text is cut."""
    font = _load_font(bold=False)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines[:CAPTION_LINES]


def _load_font(*, bold: bool) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans, which comes with matplotlib and has the characters ± β ∞."""
    properties = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return ImageFont.truetype(font_manager.findfont(properties), 10)
