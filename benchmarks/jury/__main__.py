"""`python -m benchmarks.jury [COMMAND]`: compare arms by eye, without knowing which is which.

paint    paint the pictures that are missing or have other settings
sheets   build a sheet for each pair: content and style above, the results A and B below; seal the key
vote     record votes: `vote 1 A 2 B 3 =`, or `vote --file votes.txt` with lines such as `1 A`
open     open the key when every sheet has a vote: counts, ties, p-value and interval
(none)   paint, then sheets

--folder FOLDER   folder of the jury (jury)

Of paint and sheets:
--arm NAME=SPEC   an arm: PRESET[,FIELD=VALUE...], or without =SPEC an arm of benchmarks/arms.py; may be repeated
                  (bare=bare and VGG-19, trained, with the Gram loss)
--program NAME=COMMAND
                  an arm that another program paints, instead of the default arms; may be repeated. In the command,
                  {photo} and {style} stand for PNG files to read, {style_name} for the style's name, {output} for the
                  PNG file to write
--compare A:B     which arms to compare; may be repeated (the first with each other one)
--size N          long side in pixels (512)
--pairs N         number of pairs of benchmarks/pairs.py (all)
--only NAME       only pairs with this photograph, style, subject or name; may be repeated
--second          the second list of pairs, with other photographs
--unseen          only pairs whose photograph does not come with barestyle: trained styles were trained on those that do
--shared FOLDER   test pictures that are not installed ($BARESTYLE_SHARED, or shared beside the checkout)
--weights FILE    trained VGG-19 ($BARESTYLE_VGG19, or that of the shared folder)
--device NAME     auto, cpu, cuda or mps (auto)
--repaint         paint all pictures again
--seed N          seed of the order of the sheets (drawn at random, and sealed with the key)
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from barestyle import samples
from barestyle.errors import BarestyleError
from barestyle.networks.vgg19 import find_default_weights
from benchmarks.jury.arms import build_arms, parse_comparisons
from benchmarks.jury.errors import JuryError
from benchmarks.jury.folder import JuryFolder, paint_missing
from benchmarks.jury.sheets import build_sheets
from benchmarks.jury.tally import describe_result, open_key, parse_votes, record_votes
from benchmarks.pairs import PAIRS, SECOND_PAIRS, WEIGHTS, Pair, PictureSource, find_shared_folder

COMMANDS = ("all", "paint", "sheets", "vote", "open")


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a command line; without a command it is `all`."""
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument("--folder", type=Path, default=Path("jury"))
    pictures = argparse.ArgumentParser(add_help=False)
    pictures.add_argument("--arm", action="append", default=[])
    pictures.add_argument("--program", action="append", default=[])
    pictures.add_argument("--compare", action="append", default=[])
    pictures.add_argument("--size", type=int, default=512)
    pictures.add_argument("--pairs", type=int, default=len(PAIRS))
    pictures.add_argument("--only", action="append", default=[])
    pictures.add_argument("--second", action="store_true")
    pictures.add_argument("--unseen", action="store_true")
    pictures.add_argument("--shared", type=Path, default=find_shared_folder())
    pictures.add_argument("--weights", type=Path, default=None)
    pictures.add_argument("--device", default="auto")
    pictures.add_argument("--repaint", action="store_true")
    pictures.add_argument("--seed", type=int, default=None)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.jury", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("all", "paint", "sheets"):
        commands.add_parser(name, parents=[folder, pictures])
    vote = commands.add_parser("vote", parents=[folder])
    vote.add_argument("votes", nargs="*")
    vote.add_argument("--file", type=Path, default=None)
    commands.add_parser("open", parents=[folder])
    has_command = bool(words) and words[0] in (*COMMANDS, "-h", "--help")
    return parser.parse_args(words if has_command else ["all", *words])


def select_pairs(arguments: argparse.Namespace, source: PictureSource) -> list[Pair]:
    """Return the pairs that are asked for and available, and print those that are not. Raises JuryError for none."""
    pairs = SECOND_PAIRS if arguments.second else PAIRS
    wanted = [pair for pair in pairs if not arguments.only or {*pair, pair.name} & set(arguments.only)]
    if arguments.unseen:
        wanted = [pair for pair in wanted if pair.content not in samples.PHOTOS]
    available, missing = source.select(wanted)
    if missing:
        print(f"{len(missing)} pairs are left out, as {str(arguments.shared)!r} does not have their pictures.")
    if not available[: arguments.pairs]:
        raise JuryError(
            "no pairs are left; give fewer --only, no --unseen, or --shared with a folder that has their pictures"
        )
    return available[: arguments.pairs]


def find_weights(arguments: argparse.Namespace) -> Path | None:
    """Return the trained weights: those given, the default ones, those of the shared folder, or None."""
    shared = arguments.shared / WEIGHTS
    default = find_default_weights()
    found: Path | None = arguments.weights or (Path(default) if default else shared if shared.is_file() else None)
    return found


def make_pictures(arguments: argparse.Namespace, folder: JuryFolder) -> None:
    """Paint and build sheets, as the command says."""
    source = PictureSource(arguments.shared)
    arms = build_arms(arguments.arm, arguments.program, arguments.size, find_weights(arguments))
    comparisons = parse_comparisons(arguments.compare, list(arms))
    pairs = select_pairs(arguments, source)
    if arguments.command != "sheets":
        painted = paint_missing(folder, arms, pairs, source, device=arguments.device, repaint=arguments.repaint)
        print(f"{painted} pictures painted, {len(arms) * len(pairs) - painted} there already.")
    if arguments.command != "paint":
        seed = secrets.randbits(63) if arguments.seed is None else arguments.seed
        digest = build_sheets(folder, arms, pairs, comparisons, source, seed)
        print(f"{len(pairs) * len(comparisons)} sheets are in {folder.sheets}. SHA-256 of the key: {digest}")
        print("Look at each sheet, and record votes with: python -m benchmarks.jury vote 1 A 2 B 3 =")


def record(arguments: argparse.Namespace, folder: JuryFolder) -> None:
    """Record the votes of the command line and of a file."""
    text = " ".join(arguments.votes)
    if arguments.file is not None:
        text = f"{arguments.file.read_text(encoding='utf-8')}\n{text}"
    missing = record_votes(folder, parse_votes(text))
    print(f"Votes are missing on sheets {', '.join(map(str, missing))}." if missing else "Every sheet has a vote.")


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; return 2 after an error message."""
    arguments = parse_arguments(sys.argv[1:] if words is None else words)
    folder = JuryFolder(arguments.folder)
    try:
        if arguments.command == "vote":
            record(arguments, folder)
        elif arguments.command == "open":
            print("\n".join(describe_result(folder, open_key(folder))))
        else:
            make_pictures(arguments, folder)
    except (BarestyleError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
