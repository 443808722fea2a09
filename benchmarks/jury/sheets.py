"""The sheets: content and style above, the results A and B below, without the names of the arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

from barestyle.images.sizes import target_size
from benchmarks.jury.arms import Arm
from benchmarks.jury.errors import JuryError
from benchmarks.jury.folder import JuryFolder, write_json
from benchmarks.jury.key import draw_order, hash_key, seal
from benchmarks.pairs import Pair, PictureSource

THUMBNAIL = 0.4
"""Size of content and style relative to the results."""

GAP = 12
LINE = 32
"""Height of a line of text, and the size of its letters, in pixels."""


def build_sheets(
    folder: JuryFolder,
    arms: Mapping[str, Arm],
    pairs: Sequence[Pair],
    comparisons: Sequence[tuple[str, str]],
    source: PictureSource,
    seed: int,
) -> str:
    """Write the sheets, their index and the sealed key, and return the key's hash.

    Earlier sheets are replaced. Raises JuryError if there are votes on them, or if a picture is missing.
    """
    if folder.votes.exists() or folder.result.exists():
        raise JuryError(f"there are votes in {str(folder.path)!r} already; use another --folder for new sheets")
    compared = {name for comparison in comparisons for name in comparison}
    missing = [(arm, pair) for pair in pairs for arm in compared if not folder.is_current(arm, pair, arms[arm])]
    if missing:
        raise JuryError(
            f"{len(missing)} pictures are missing or were painted with other settings; run paint with the same options"
        )
    sheets = draw_order(pairs, comparisons, seed)
    key = seal(sheets, {name: arms[name] for name in sorted(compared)}, seed)
    folder.sheets.mkdir(parents=True, exist_ok=True)
    for file in folder.sheets.glob("*.png"):
        file.unlink()
    for number, sheet in enumerate(sheets, 1):
        results = [Image.open(folder.picture(arm, sheet.pair)).convert("RGB") for arm in (sheet.a, sheet.b)]
        image = compose_sheet(number, source.read(sheet.pair.content), source.read(sheet.pair.style), results)
        image.save(folder.sheets / f"{number:03}.png")
    folder.key.write_bytes(key)
    names = {str(number): sheet.pair.name for number, sheet in enumerate(sheets, 1)}
    write_json(folder.index, {"key_sha256": hash_key(key), "sheets": names})
    return hash_key(key)


def compose_sheet(number: int, content: Image.Image, style: Image.Image, results: Sequence[Image.Image]) -> Image.Image:
    """Return a sheet: its number, content and style at THUMBNAIL of the results' size, and the results as A and B."""
    width, height = results[0].size
    side = max(1, round(max(width, height) * THUMBNAIL))
    thumbnails = [_resize(image, side) for image in (content, style)]
    top = max(image.height for image in thumbnails)
    columns = max(sum(result.width for result in results), sum(image.width for image in thumbnails)) + GAP
    sheet = Image.new("RGB", (columns + 2 * GAP, top + height + 2 * LINE + 4 * GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(LINE * 3 // 4)
    draw.text((GAP, GAP), f"{number}", "black", font)
    left, y = GAP, GAP + LINE
    for image in thumbnails:
        sheet.paste(image, (left, y))
        left += image.width + GAP
    left, y = GAP, y + top + GAP
    for letter, result in zip("AB", results, strict=True):
        draw.text((left, y), letter, "black", font)
        sheet.paste(result, (left, y + LINE + GAP))
        left += result.width + GAP
    return sheet


def _resize(image: Image.Image, side: int) -> Image.Image:
    height, width = target_size(image.height, image.width, side)
    return image.resize((width, height), Image.Resampling.LANCZOS)
