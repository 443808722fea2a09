"""Paint the thumbnails of the looks that the page shows.

Run `python -m tools.paint_looks` from the repository's root; it writes src/barestyle/ui/looks/*.jpg in some minutes.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

from barestyle import samples, transfer
from barestyle.spec import with_settings
from barestyle.ui.looks import LOOKS

FOLDER = Path(__file__).parents[1] / "src" / "barestyle" / "ui" / "looks"
SIZE = 320
"""Long side in pixels at which the pictures are painted."""

SIDE = 160
"""Side of a thumbnail in pixels."""

QUALITY = 82


def main() -> None:
    """Paint a sample with each look, and write the middle of each picture as a small JPEG."""
    FOLDER.mkdir(exist_ok=True)
    for name, preset in LOOKS.items():
        result = transfer(samples.photo("coffee"), samples.style("swirls"), with_settings(preset.spec, {"size": SIZE}))
        picture = ImageOps.fit(result.to_pil().convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS)
        picture.save(FOLDER / f"{name}.jpg", quality=QUALITY, optimize=True)
        print(name)


if __name__ == "__main__":
    main()
