"""The pairs of a batch: the images that files, folders and patterns name, and the output of each pair."""

from __future__ import annotations

import glob
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from barestyle.errors import ImageError, OutputError, SpecError

DEFAULT_NAME = "{content}-{style}.png"
"""Default pattern for the names of results."""

FIELDS = ("content", "style", "number", "preset", "seed", "size")
"""Fields that a pattern may contain, in braces."""

FIELD_LIST = ", ".join(f"{{{field}}}" for field in FIELDS)


@dataclass(frozen=True)
class Pair:
    """A content, a style, and the output of the two."""

    content: Path
    style: Path
    output: Path


def find_images(sources: Sequence[str | Path]) -> list[Path]:
    """Return the files of paths, folders and glob patterns, each once, in the order of the sources.

    A folder stands for the images in it, sorted by name, without results of barestyle. In a pattern `**` matches any
    number of folders. Raise ImageError for a source without images.
    """
    images: dict[Path, None] = {}
    for source in sources:
        path = Path(source)
        if path.is_dir():
            matches = sorted(file for file in path.iterdir() if file.is_file() and is_input_image(file))
            if not matches:
                raise ImageError(f"the folder {str(source)!r} has no images; give another folder, or a pattern")
        elif path.exists():
            matches = [path]  # reported when it is read, if it is not an image
        elif not glob.has_magic(str(source)):
            raise ImageError(f"there is no file {str(source)!r}; check the path")
        else:
            matches = sorted(file for file in map(Path, glob.glob(str(source), recursive=True)) if file.is_file())
            if not matches:
                raise ImageError(f"no file matches {str(source)!r}; check the pattern, and put it in quotes")
        images.update(dict.fromkeys(matches))
    return list(images)


def is_input_image(path: Path) -> bool:
    """Return whether a file in a folder has the extension of an image, and is neither hidden nor a result."""
    # Deferred, because the program imports this module before it knows the command.
    from barestyle.images.decode import readable_extensions
    from barestyle.run.output_files import is_record, sidecar

    if path.name.startswith(".") or path.suffix.lower() not in readable_extensions():
        return False
    return not is_record(sidecar(path))


def pair_images(
    contents: Sequence[Path], styles: Sequence[Path], *, paired: bool, folder: Path, pattern: str, **values: object
) -> list[Pair]:
    """Return every content with every style, or content N with style N, and the output of each pair.

    `values` are those of the pattern's fields that are the same for all pairs. Raise SpecError if lists to be paired
    have different lengths, and OutputError if the pattern is invalid or gives two pairs the same name.
    """
    if paired and len(contents) != len(styles):
        raise SpecError(
            f"--paired needs as many contents as styles, not {len(contents)} and {len(styles)}; "
            "leave --paired out for every combination"
        )
    combinations = zip(contents, styles, strict=True) if paired else ((c, s) for c in contents for s in styles)
    pairs = [
        Pair(
            content,
            style,
            folder / format_name(pattern, content=content.stem, style=style.stem, number=number, **values),
        )
        for number, (content, style) in enumerate(combinations, 1)
    ]
    _check_names(pairs, pattern)
    return pairs


def format_name(pattern: str, **values: object) -> str:
    """Return the name of a result. Raise OutputError if the pattern is invalid or has an unknown field."""
    try:
        fields = {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
        unknown = fields - set(FIELDS)
        if unknown:
            raise OutputError(
                f"the pattern {pattern!r} has an unknown field {{{min(unknown)}}}; the fields are {FIELD_LIST}"
            )
        return pattern.format(**values)
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        raise OutputError(f"the pattern {pattern!r} is invalid ({error}); write one like {DEFAULT_NAME!r}") from None


def _check_names(pairs: Iterable[Pair], pattern: str) -> None:
    from barestyle.images import EXTENSIONS

    if Path(pattern).suffix.lower() not in EXTENSIONS:
        raise OutputError(
            f"the pattern {pattern!r} has no image extension that can be written; use one of {', '.join(EXTENSIONS)}"
        )
    pair_of: dict[Path, Pair] = {}
    for pair in pairs:
        if pair_of.setdefault(pair.output, pair) is not pair:
            raise OutputError(
                f"two results would have the name {str(pair.output)!r}; add a field such as {{number}} to the pattern "
                f"{pattern!r}"
            )
