"""Paint the thumbnails of the looks that the page shows.

Run `python -m tools.paint_looks` from the repository's root; it writes src/barestyle/ui/looks/*.jpg in some minutes.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from barestyle import samples, transfer
from barestyle.feed_forward import StylePainter, load_style
from barestyle.images import encode, read
from barestyle.spec import with_settings
from barestyle.ui.form import INSTANT
from barestyle.ui.looks import LOOKS

FOLDER = Path(__file__).parents[1] / "src" / "barestyle" / "ui" / "looks"
PHOTO, STYLE = "coffee", "swirls"
"""The samples that are painted."""

SIZE = 320
"""Long side in pixels at which the pictures are painted."""

SIDE = 160
"""Side of a thumbnail in pixels."""

QUALITY = 82


def main() -> None:
    """Paint a sample with each look, and write the middle of each picture as a small JPEG."""
    FOLDER.mkdir(exist_ok=True)
    for name, preset in LOOKS.items():
        result = transfer(samples.photo(PHOTO), samples.style(STYLE), with_settings(preset.spec, {"size": SIZE}))
        save(result.to_pil(), name)
    painter = StylePainter(load_style(samples.trained_style(STYLE)), engine="torch")
    painted = painter.paint_picture(read(samples.photo(PHOTO)), SIZE)
    save(Image.open(io.BytesIO(encode(painted.pixels, painted.alpha, ".png"))), INSTANT)


def save(image: Image.Image, name: str) -> None:
    """Write the middle of a picture as the thumbnail of a look."""
    picture = ImageOps.fit(image.convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS)
    picture.save(FOLDER / f"{name}.jpg", quality=QUALITY, optimize=True)
    print(name)


if __name__ == "__main__":
    main()
