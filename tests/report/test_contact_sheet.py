"""Contact sheets: the place of every image."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from barestyle.report.contact_sheet import CaptionedImage, draw_sheet


def test_images_are_placed_in_rows(tmp_path: Path) -> None:
    red, blue = (Image.new("RGB", (40, 30), color) for color in ("#ff0000", "#0000ff"))
    red.save(tmp_path / "red.png")
    blue.save(tmp_path / "blue.png")
    images = [
        CaptionedImage(tmp_path / "red.png", "one"),
        CaptionedImage(tmp_path / "blue.png", "two"),
        CaptionedImage(None, "three"),
    ]
    sheet = draw_sheet("Title", [("group", images)], (40, 30)).convert("RGB")
    red_columns = {x for x in range(sheet.width) for y in range(sheet.height) if sheet.getpixel((x, y)) == (255, 0, 0)}
    blue_columns = {x for x in range(sheet.width) for y in range(sheet.height) if sheet.getpixel((x, y)) == (0, 0, 255)}
    assert (len(red_columns), len(blue_columns)) == (40, 40)
    assert max(red_columns) < min(blue_columns)
