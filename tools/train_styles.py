"""Train the networks that come with barestyle, into the package's samples folder: half an hour on two cores.

All start from random weights, and are trained on the sample photographs.
"""

import argparse
from pathlib import Path

import torch

from barestyle import samples
from barestyle.cli import main as run_command
from barestyle.feed_forward import load_style

STEPS = 4000

KEPT_BITS = 9
"""Significant bits of a weight. Half precision has 11; with fewer the package is 0.4 MB smaller, and pictures differ by
less than a level of 8 bits."""

SAMPLES = Path(__file__).parents[1] / "src" / "barestyle" / "samples"


def train_style(name: str, folder: Path) -> None:
    """Train the network of a style, by the command that users have."""
    arguments = ["--from", "random", "--steps", str(STEPS), "--progress", "plain", "--force"]
    code = run_command(["train", str(samples.style(name)), "-o", str(folder / f"{name}.style"), *arguments])
    if code:
        raise SystemExit(code)
    round_weights(folder / f"{name}.style")


def round_weights(path: Path) -> None:
    """Round the weights of a style's file to KEPT_BITS."""
    style = load_style(path)
    with torch.no_grad():
        for weights in style.network.parameters():
            mantissa, exponent = torch.frexp(weights)
            weights.copy_(torch.ldexp((mantissa * 2**KEPT_BITS).round() / 2**KEPT_BITS, exponent))
    style.save(path)


def main() -> None:
    """Train the styles that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_styles", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"style to train: {', '.join(samples.STYLES)}")
    parser.add_argument("--into", type=Path, default=SAMPLES, help="output folder")
    options = parser.parse_args()
    unknown = set(options.names) - set(samples.STYLES)
    if unknown:
        parser.error(f"there is no style {sorted(unknown)[0]!r}; the styles are {', '.join(samples.STYLES)}")
    for name in options.names or samples.STYLES:
        train_style(name, options.into)


if __name__ == "__main__":
    main()
