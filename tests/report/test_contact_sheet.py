"""Contact sheets: the place of every image."""

from __future__ import annotations

import io

from PIL import Image

from barestyle.report.contact_sheet import CaptionedImage, draw_sheet


def encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_images_are_placed_in_rows() -> None:
    red, blue = (Image.new("RGB", (40, 30), color) for color in ("#ff0000", "#0000ff"))
    images = [
        CaptionedImage(encode(red), "one"),
        CaptionedImage(encode(blue), "two"),
        CaptionedImage(None, "three"),
    ]
    sheet = draw_sheet("Title", [("group", images)], (40, 30)).convert("RGB")
    red_columns = {x for x in range(sheet.width) for y in range(sheet.height) if sheet.getpixel((x, y)) == (255, 0, 0)}
    blue_columns = {x for x in range(sheet.width) for y in range(sheet.height) if sheet.getpixel((x, y)) == (0, 0, 255)}
    assert (len(red_columns), len(blue_columns)) == (40, 40)
    assert max(red_columns) < min(blue_columns)
