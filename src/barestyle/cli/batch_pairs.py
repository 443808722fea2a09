"""Batches: photographs and styles by files, folders and patterns, and which pictures are to come of them."""

from __future__ import annotations

import glob
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from barestyle.errors import BarestyleError, ImageError, OutputError, SpecError

PATTERN = "{content}-{style}.png"
"""How results are named unless told otherwise."""

FIELDS = ("content", "style", "number", "preset", "seed", "size")


@dataclass(frozen=True)
class Pair:
    """A photograph, a style, and where the result goes."""

    content: Path
    style: Path
    output: Path


def pictures(sources: Sequence[str | Path]) -> list[Path]:
    """The files of paths, folders and glob patterns (`**` for folders in folders), each once, in order of their names.

    Of a folder those that look like pictures, by extension, and that are not results of barestyle's with their record
    beside them. Raises ImageError for what leads to none.
    """
    found: dict[Path, None] = {}
    for source in sources:
        path = Path(source)
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.is_file() and is_picture(one))
            if not inside:
                raise ImageError(f"the folder {str(source)!r} has no pictures in it; name another, or a pattern")
            found.update(dict.fromkeys(inside))
        elif path.exists():
            found[path] = None  # whether it can be read is seen when its turn comes
        elif not glob.has_magic(str(source)):
            raise ImageError(f"there is no file {str(source)!r}; check the path")
        else:
            matching = sorted(Path(one) for one in glob.glob(str(source), recursive=True))
            matching = [one for one in matching if one.is_file()]
            if not matching:
                raise ImageError(f"no file matches {str(source)!r}; check the pattern, and quote it")
            found.update(dict.fromkeys(matching))
    return list(found)


def is_picture(path: Path) -> bool:
    """Whether a file in a folder looks like a picture that somebody put there."""
    from barestyle.images.read import (
        readable_extensions,  # here, as the command line reads this module before its command
    )

    hidden = path.name.startswith(".")
    return (
        not hidden and path.suffix.lower() in readable_extensions() and not path.with_name(path.name + ".json").exists()
    )


def pairs(
    contents: Sequence[Path], styles: Sequence[Path], *, paired: bool, folder: Path, pattern: str, **known: object
) -> list[Pair]:
    """Every photograph in every style, or the first in the first and so on, and where each result goes.

    Raises SpecError for lists of different lengths that are to be paired, OutputError for a pattern that is none or
    that gives two results the same name.
    """
    if paired and len(contents) != len(styles):
        raise SpecError(
            f"{len(contents)} photographs cannot be paired with {len(styles)} styles; "
            "name as many of each, or leave --paired out for every combination"
        )
    chosen = list(zip(contents, styles, strict=True)) if paired else [(c, s) for c in contents for s in styles]
    found = [
        Pair(content, style, folder / named(pattern, content=content.stem, style=style.stem, number=number, **known))
        for number, (content, style) in enumerate(chosen, 1)
    ]
    _check_names(found, pattern)
    return found


def named(pattern: str, **fields: object) -> str:
    """A result's name. Raises OutputError for what is no pattern."""
    try:
        wanted = {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
        unknown = wanted - set(FIELDS)
        if unknown:
            raise OutputError(
                f"the pattern {pattern!r} names {{{min(unknown)}}}; it takes "
                f"{', '.join(f'{{{field}}}' for field in FIELDS)}"
            )
        return pattern.format(**fields)
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        raise OutputError(f"{pattern!r} is no pattern of names ({error}); write one like {PATTERN!r}") from None


def _check_names(found: Iterable[Pair], pattern: str) -> None:
    from barestyle.images import EXTENSIONS

    if Path(pattern).suffix.lower() not in EXTENSIONS:
        raise OutputError(
            f"the pattern {pattern!r} does not end in a known kind of image; use one of {', '.join(EXTENSIONS)}"
        )
    seen: dict[Path, Pair] = {}
    for pair in found:
        other = seen.setdefault(pair.output, pair)
        if other is not pair:
            raise OutputError(
                f"{str(pair.output)!r} would be the name of two results; put more into the pattern {pattern!r}, "
                "like {number}"
            )


@dataclass
class Tally:
    """How a batch went: results painted, skipped because they were there already, and failed, with the sentences."""

    painted: list[Path]
    skipped: list[Path]
    failed: list[tuple[Pair, BarestyleError]]

    def sentence(self) -> str:
        """'12 painted, 3 were there already, 1 failed'."""
        return (
            f"{len(self.painted)} painted, {len(self.skipped)} {'was' if len(self.skipped) == 1 else 'were'} there "
            f"already, {len(self.failed)} failed"
        )
