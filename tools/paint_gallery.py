"""Paint the images of the README and of the guide from the installed samples.

Run `python -m tools.paint_gallery [gallery] [presets] [styles] [colors] [instant]` from the root of the repository; it
writes to docs/pictures.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from barestyle import PRESETS, Spec, preset, samples, transfer, with_settings
from barestyle.feed_forward import StylePainter, load_style
from barestyle.images import read, target_size
from barestyle.images.write import to_samples

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
PAIRS = (("coffee", "swirls"), ("chelsea", "mosaic"), ("astronaut", "impasto"), ("rocket", "hatching"))
PAPER_PRESETS = [name for name in PRESETS if not name.startswith("bare") and name != "paper-original"]
GAP = 8


def paint(photo: str, style: str, spec: Spec, size: int) -> Image.Image:
    result = transfer(samples.photo(photo), samples.style(style), with_settings(spec, {"size": size}))
    print(f"{photo} in {style}: {result.evaluations} evaluations in {result.seconds:.0f} s; {result.reason}")
    return result.to_pil()


def join_row(images: list[Image.Image], height: int) -> Image.Image:
    """Join images side by side at one height, with their aspect ratios."""
    scaled = [
        image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS) for image in images
    ]
    strip = Image.new("RGB", (sum(image.width for image in scaled) + GAP * (len(scaled) - 1), height), "white")
    left = 0
    for image in scaled:
        strip.paste(image, (left, 0))
        left += image.width + GAP
    return strip


def stack_rows(rows: list[Image.Image]) -> Image.Image:
    """Join rows from top to bottom at one width, with their aspect ratios."""
    width = min(image.width for image in rows)
    scaled = [
        image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS) for image in rows
    ]
    sheet = Image.new("RGB", (width, sum(image.height for image in scaled) + GAP * (len(scaled) - 1)), "white")
    top = 0
    for image in scaled:
        sheet.paste(image, (0, top))
        top += image.height + GAP
    return sheet


def paint_gallery() -> Image.Image:
    """Return photograph, style and result of each pair, with the default preset."""
    rows = []
    for photo, style in PAIRS:
        sources = [Image.open(file).convert("RGB") for file in (samples.photo(photo), samples.style(style))]
        rows.append(join_row([*sources, paint(photo, style, preset("bare").spec, 512)], 320))
    return stack_rows(rows)


def paint_presets() -> Image.Image:
    """Return one pair under each untrained network of the paper: L-BFGS above, the paper's optimizer below."""
    specs = [preset(name).spec for name in PAPER_PRESETS]
    lines = [[with_settings(spec, {"optimizer": kind}) for spec in specs] for kind in ("lbfgs", "paper-lbfgs")]
    return stack_rows([join_row([paint("chelsea", "swirls", spec, 256) for spec in line], 170) for line in lines])


def paint_styles() -> Image.Image:
    """Return one photograph in one style, in another, in both, in one on each side, and with a protected region."""
    photo, first, second = samples.photo("coffee"), samples.style("swirls"), samples.style("mosaic")
    spec = with_settings(preset("bare").spec, {"size": 256})
    with Image.open(photo) as image:
        width, height = image.size
    right, down = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    left = np.clip((0.5 - right) * 10 + 0.5, 0, 1)
    cup = (((right - 0.5) / 0.28) ** 2 + ((down - 0.45) / 0.38) ** 2 < 1).astype(float)
    results = [
        transfer(photo, first, spec),
        transfer(photo, second, spec),
        transfer(photo, [first, second], spec),
        transfer(photo, [first, second], spec, masks=[left, None]),
        transfer(photo, first, spec, keep=cup),
    ]
    return join_row([result.to_pil() for result in results], 170)


def paint_colors() -> Image.Image:
    """Return one photograph with its own luminance colors and with its palette, each before and after the run."""
    color_settings = (
        {"colors": "luminance"},
        {"colors": "luminance", "colors.when": "after"},
        {"colors": "matched"},
        {"colors": "matched", "colors.when": "after", "colors.space": "lab", "colors.method": "histogram"},
    )
    return join_row(
        [paint("coffee", "swirls", with_settings(preset("bare").spec, settings), 256) for settings in color_settings],
        170,
    )


def paint_instant() -> Image.Image:
    """Return two photographs in each of the trained styles."""
    rows = []
    for name in ("coffee", "astronaut"):
        photo = read(samples.photo(name))
        photo = photo.resize(*target_size(photo.height, photo.width, 512))
        painters = [StylePainter(load_style(samples.trained_style(style))) for style in samples.STYLES]
        images = [photo, *(painter.paint_picture(photo) for painter in painters)]
        rows.append(join_row([Image.fromarray(to_samples(image.pixels, None, 8)) for image in images], 250))
    return stack_rows(rows)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    sheets = {
        "gallery": paint_gallery,
        "presets": paint_presets,
        "styles": paint_styles,
        "colors": paint_colors,
        "instant": paint_instant,
    }
    for name in sys.argv[1:] or sheets:
        sheets[name]().save(FOLDER / f"{name}.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
