"""Paint the styles named on the command line, or all, into the package's samples folder."""

import argparse
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from .hatching import paint_hatching
from .impasto import paint_impasto
from .mosaic import paint_mosaic
from .swirls import paint_swirls

PAINTERS: dict[str, Callable[[tuple[int, int]], Image.Image]] = {
    "swirls": paint_swirls,
    "mosaic": paint_mosaic,
    "hatching": paint_hatching,
    "impasto": paint_impasto,
}
SIZE = (768, 608)
QUALITY = 84
SAMPLES = Path(__file__).parents[2] / "src" / "barestyle" / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.paint_styles", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"style to paint: {', '.join(PAINTERS)}")
    parser.add_argument("--into", type=Path, default=SAMPLES, help="output folder")
    options = parser.parse_args()
    unknown = set(options.names) - set(PAINTERS)
    if unknown:
        parser.error(f"there is no style {sorted(unknown)[0]!r}; the styles are {', '.join(PAINTERS)}")
    for name in options.names or PAINTERS:
        target = options.into / f"{name}.jpg"
        PAINTERS[name](SIZE).save(target, quality=QUALITY, optimize=True)
        print(target)


if __name__ == "__main__":
    main()
