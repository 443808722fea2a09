"""Pictures for people: small enough for a page, and laid out in sheets like the paper's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from barestyle.plots.data_uri import jpeg_data_uri

JPEG_QUALITY = 85
SHEET_COLORS = 256
"""Colors of a sheet's palette: a third of the bytes, and on a screen the same."""

MARGIN = 6
CAPTION = 12
LINES = 2
"""Of a caption, which is cut after that."""

PER_ROW = 7


@dataclass(frozen=True)
class Captioned:
    """A picture and what stands below it; no file stands for one that is missing."""

    file: Path | None
    caption: str


def embed_image(file: Path) -> str:
    """Return an image file as the data URI of a JPEG."""
    with Image.open(file) as image:
        return jpeg_data_uri(image.convert("RGB"), JPEG_QUALITY, optimize=True)


def sheet(title: str, groups: Sequence[tuple[str, Sequence[Captioned]]], cell: tuple[int, int]) -> Image.Image:
    """Groups of pictures below each other, each under its heading; `cell` is the (width, height) of a picture."""
    width, height = cell
    step = width + MARGIN, height + MARGIN + LINES * (CAPTION + 2)
    columns = min(PER_ROW, max(len(pictures) for _, pictures in groups))
    heights = [CAPTION + 3 * MARGIN + -(-len(pictures) // columns) * step[1] for _, pictures in groups]
    canvas = Image.new("RGB", (MARGIN + columns * step[0], 4 * MARGIN + CAPTION + sum(heights)), "white")
    draw = ImageDraw.Draw(canvas)
    draw.text((MARGIN, MARGIN), title, fill="black", font=_font(bold=True))
    top = 3 * MARGIN + CAPTION
    for (heading, pictures), tall in zip(groups, heights, strict=True):
        draw.text((MARGIN, top), heading, fill="#555555", font=_font(bold=False))
        for number, picture in enumerate(pictures):
            left = MARGIN + number % columns * step[0]
            _place(canvas, picture, (left, top + CAPTION + 2 * MARGIN + number // columns * step[1]), cell)
        top += tall
    return canvas.quantize(SHEET_COLORS, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)


def _place(canvas: Image.Image, picture: Captioned, at: tuple[int, int], cell: tuple[int, int]) -> None:
    draw = ImageDraw.Draw(canvas)
    if picture.file is None:
        draw.rectangle((*at, at[0] + cell[0] - 1, at[1] + cell[1] - 1), outline="#bbbbbb")
        draw.text((at[0] + MARGIN, at[1] + MARGIN), "not there yet", fill="#888888", font=_font(bold=False))
    else:
        with Image.open(picture.file) as image:
            canvas.paste(image.convert("RGB"), at)
    for number, line in enumerate(_lines(picture.caption, cell[0])):
        draw.text((at[0], at[1] + cell[1] + 2 + number * (CAPTION + 1)), line, fill="black", font=_font(bold=False))


def _lines(text: str, width: int) -> list[str]:
    """The caption in lines that fit, the last one cut where there is more."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font(bold=False).getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines[:LINES]


def _font(*, bold: bool) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib and has the signs ± β ∞."""
    properties = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return ImageFont.truetype(font_manager.findfont(properties), 10)
