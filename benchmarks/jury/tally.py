"""Votes, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from scipy.stats import binomtest

from barestyle.atomic_files import write_atomically
from benchmarks.jury.errors import JuryError
from benchmarks.jury.folder import JuryFolder, read_json, write_json
from benchmarks.jury.key import Sheet, hash_key, unseal

Choice = Literal["A", "B", "="]
CONFIDENCE = 0.95


class Tally(NamedTuple):
    """Counts of one comparison.

    `p_value` is that of the exact two-sided binomial test against equal chances, and `low` and `high` bound the share
    of votes for the first arm by Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404; ties do not count in either.
    """

    first: int
    second: int
    ties: int
    p_value: float
    low: float
    high: float


def parse_votes(text: str) -> dict[int, Choice]:
    """Return the votes in a text of sheet numbers, each followed by A, B or =, such as "1 A 2 B 3 =".

    Text after # in a line is a comment. Raises JuryError.
    """
    words = " ".join(line.partition("#")[0] for line in text.splitlines()).split()
    votes: dict[int, Choice] = {}
    for number in range(0, len(words), 2):
        sheet, choice = words[number], "".join(words[number + 1 : number + 2]).upper()
        if not sheet.isdecimal() or choice not in get_args(Choice):
            raise JuryError(f"{sheet} {choice}".strip() + " is not a vote; write the sheet's number and A, B or =")
        if int(sheet) in votes:
            raise JuryError(f"there are two votes on sheet {sheet}; give one")
        votes[int(sheet)] = choice  # type: ignore[assignment]  # checked above
    return votes


def record_votes(folder: JuryFolder, votes: Mapping[int, Choice]) -> list[int]:
    """Add votes to those of the folder, replacing earlier ones on the same sheet; return the sheets without a vote.

    Raises JuryError if there are no sheets, a number is not that of a sheet, or the key has been opened.
    """
    sheets = list_sheets(folder)
    if folder.result.exists():
        raise JuryError("the key has been opened, so votes cannot be changed; use another --folder for new sheets")
    if unknown := sorted(set(votes) - set(sheets)):
        raise JuryError(f"there is no sheet {unknown[0]}; the sheets are 1 to {len(sheets)}")
    recorded = {**_read_votes(folder), **votes}
    if recorded:
        lines = [f"{number} {recorded[number]}\n" for number in sorted(recorded)]
        write_atomically(folder.votes, "".join(lines).encode())
    return [number for number in sheets if number not in recorded]


def list_sheets(folder: JuryFolder) -> list[int]:
    """Return the numbers of the sheets. Raises JuryError if there are none."""
    if not folder.index.is_file():
        raise JuryError(f"there are no sheets in {str(folder.path)!r}; run sheets first")
    return [int(number) for number in read_json(folder.index)["sheets"]]


def open_key(folder: JuryFolder) -> list[tuple[Sheet, Choice]]:
    """Return the sheets with their votes, in order.

    Raises JuryError if a vote is missing, or if the key is not the one whose hash the index has.
    """
    votes = _read_votes(folder)
    if missing := [number for number in list_sheets(folder) if number not in votes]:
        raise JuryError(f"votes are missing on sheets {', '.join(map(str, missing))}; vote on them before opening")
    key = folder.key.read_bytes()
    if hash_key(key) != read_json(folder.index)["key_sha256"]:
        raise JuryError("the key was changed after the sheets were made; build the sheets again and vote again")
    return [(sheet, votes[number]) for number, sheet in enumerate(unseal(key), 1)]


def find_winner(sheet: Sheet, vote: Choice) -> str | None:
    """Return the arm that a vote is for, or None for a tie."""
    return {"A": sheet.a, "B": sheet.b, "=": None}[vote]


def count_votes(opened: Iterable[tuple[Sheet, Choice]]) -> Tally:
    """Count the votes of one comparison."""
    winners = [(sheet.first, find_winner(sheet, vote)) for sheet, vote in opened]
    first = sum(winner == arm for arm, winner in winners)
    ties = sum(winner is None for _, winner in winners)
    return make_tally(first, len(winners) - first - ties, ties)


def make_tally(first: int, second: int, ties: int) -> Tally:
    """Return counts with their p-value and interval; 1 and the whole range without a vote for either arm."""
    if first + second == 0:
        return Tally(first, second, ties, 1.0, 0.0, 1.0)
    test = binomtest(first, first + second)
    interval = test.proportion_ci(CONFIDENCE, method="exact")
    return Tally(first, second, ties, float(test.pvalue), float(interval.low), float(interval.high))


def describe_result(folder: JuryFolder, opened: Sequence[tuple[Sheet, Choice]]) -> list[str]:
    """Write the counts to the folder's result file, and return them as lines of text, with the list of sheets."""
    lines: list[str] = []
    result = {}
    for first, second in dict.fromkeys((sheet.first, sheet.second) for sheet, _ in opened):
        votes = [(sheet, vote) for sheet, vote in opened if (sheet.first, sheet.second) == (first, second)]
        tally = count_votes(votes)
        result[f"{first}:{second}"] = tally._asdict()
        lines += [
            f"{first} {tally.first}, {second} {tally.second}, ties {tally.ties}",
            f"  p = {tally.p_value:.3g} (exact, two-sided); {first} has {tally.low:.0%} to {tally.high:.0%} of the "
            f"votes ({CONFIDENCE:.0%} Clopper-Pearson interval)",
        ]
        for subject in dict.fromkeys(sheet.pair.subject for sheet, _ in votes):
            group = count_votes((sheet, vote) for sheet, vote in votes if sheet.pair.subject == subject)
            lines.append(f"  {subject}: {first} {group.first}, {second} {group.second}, ties {group.ties}")
    listed = {}
    for number, (sheet, vote) in enumerate(opened, 1):
        winner = find_winner(sheet, vote) or "tie"
        lines.append(f"{number:4} {sheet.pair.name}: A {sheet.a}, B {sheet.b}, vote {vote}: {winner}")
        listed[str(number)] = {**sheet._asdict(), "pair": sheet.pair.name, "vote": vote}
    write_json(folder.result, {"comparisons": result, "sheets": listed})
    return lines


def _read_votes(folder: JuryFolder) -> dict[int, Choice]:
    return parse_votes(folder.votes.read_text(encoding="utf-8")) if folder.votes.is_file() else {}
