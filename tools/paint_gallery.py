"""Paints the pictures of the README and of the guide, from photographs and styles that come with an installation.

`python -m tools.paint_gallery [gallery] [presets] [styles] [colors]`, from the repository's root, writes into
docs/pictures.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from barestyle import PRESETS, Spec, preset, samples, transfer, with_settings

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
PAIRS = (("coffee", "swirls"), ("chelsea", "mosaic"), ("astronaut", "impasto"), ("rocket", "hatching"))
FROM_THE_PAPER = [name for name in PRESETS if not name.startswith("bare") and name != "paper-original"]
GAP = 8


def painted(photo: str, style: str, spec: Spec, size: int) -> Image.Image:
    result = transfer(samples.photo(photo), samples.style(style), with_settings(spec, {"size": size}))
    print(f"{photo} in {style}: {result.evaluations} evaluations in {result.seconds:.0f} s; {result.reason}")
    return result.to_pil()


def row(pictures: list[Image.Image], height: int) -> Image.Image:
    """Pictures side by side at one height, their shapes kept."""
    scaled = [
        image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)
        for image in pictures
    ]
    strip = Image.new("RGB", (sum(image.width for image in scaled) + GAP * (len(scaled) - 1), height), "white")
    left = 0
    for image in scaled:
        strip.paste(image, (left, 0))
        left += image.width + GAP
    return strip


def stack(rows: list[Image.Image]) -> Image.Image:
    """Rows below each other at one width, their shapes kept."""
    width = min(image.width for image in rows)
    level = [
        image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS) for image in rows
    ]
    sheet = Image.new("RGB", (width, sum(image.height for image in level) + GAP * (len(level) - 1)), "white")
    top = 0
    for image in level:
        sheet.paste(image, (0, top))
        top += image.height + GAP
    return sheet


def gallery() -> Image.Image:
    """Photograph, style and result of each pair, with the default preset."""
    rows = []
    for photo, style in PAIRS:
        sources = [Image.open(file).convert("RGB") for file in (samples.photo(photo), samples.style(style))]
        rows.append(row([*sources, painted(photo, style, preset("bare").spec, 512)], 320))
    return stack(rows)


def presets() -> Image.Image:
    """One pair under each untrained network of the paper: above with the robust optimizer, below with the paper's."""
    specs = [preset(name).spec for name in FROM_THE_PAPER]
    lines = [[with_settings(spec, {"optimizer": kind}) for spec in specs] for kind in ("lbfgs", "paper-lbfgs")]
    return stack([row([painted("chelsea", "swirls", spec, 256) for spec in line], 170) for line in lines])


def styles() -> Image.Image:
    """One photograph in one style, another, both, each on one side, and with the cup kept."""
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
    return row([result.to_pil() for result in results], 170)


def colors() -> Image.Image:
    """One photograph with its own colors, painted so before and after the search, and with its palette likewise."""
    ways = (
        {"colors": "luminance"},
        {"colors": "luminance", "colors.when": "after"},
        {"colors": "matched"},
        {"colors": "matched", "colors.when": "after", "colors.space": "lab", "colors.method": "histogram"},
    )
    return row([painted("coffee", "swirls", with_settings(preset("bare").spec, way), 256) for way in ways], 170)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    sheets = {"gallery": gallery, "presets": presets, "styles": styles, "colors": colors}
    for name in sys.argv[1:] or sheets:
        sheets[name]().save(FOLDER / f"{name}.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
