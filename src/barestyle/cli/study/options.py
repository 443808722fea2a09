"""Options of `barestyle study`'s commands, and what they add up to: a study, its pictures, its store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.errors import StudyError

if TYPE_CHECKING:
    from barestyle.study.resolve import Prepared
    from barestyle.study.store import Store

Name = Annotated[str, typer.Argument(metavar="S", help="A shipped study's name, or a .yaml file.", show_default=False)]
Into = Annotated[
    Path | None,
    typer.Option(
        "--into", metavar="DIR", help="Folder of store and pictures (default: studies/NAME).", show_default=False
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Database of several machines (default: SQLite in the folder).", show_default=False
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        "--trained",
        "--weights",
        metavar="FILE",
        help="Trained VGG-19, for trained variants and metrics.",
        show_default=False,
    ),
]
Untrained = Annotated[bool, typer.Option("--untrained", help="Leave out variants that need trained weights.")]
Size = Annotated[int | None, typer.Option(metavar="N", help="Long side in pixels (default: the study's).")]
Steps = Annotated[int | None, typer.Option(metavar="N", help="Steps of every optimizer (default: the study's).")]
Seeds = Annotated[str | None, typer.Option(metavar="LIST", help="Like 0,1,2 (default: the study's).")]
Pairs = Annotated[
    list[str] | None,
    typer.Option("--pair", metavar="C,S", help="Photograph and style, instead of the study's; may be repeated."),
]
Optimizers = Annotated[
    list[str] | None, typer.Option("--optimizer", metavar="O", help="Only this one of the study's; may be repeated.")
]


def ready(
    name: str,
    weights: Path | None,
    untrained: bool,
    size: int | None,
    steps: int | None,
    seeds: str | None,
    pairs: list[str] | None,
    optimizers: list[str] | None,
) -> Prepared:
    """The study of a command line, everything that it needs checked. Raises BarestyleError."""
    from barestyle.networks.vgg19 import default_weights
    from barestyle.study import cell as cells
    from barestyle.study.override import varied
    from barestyle.study.resolve import prepared
    from barestyle.study.yaml_loader import load

    study = varied(
        load(name), size=size, steps=steps, seeds=numbers(seeds), pairs=picture_pairs(pairs), optimizers=optimizers
    )
    if untrained:
        return prepared(cells.untrained(study), weights=weights)
    named = weights or ((found := default_weights()) and Path(found)) or None
    return prepared(study, weights=named)


def numbers(text: str | None) -> list[int] | None:
    """The seeds of --seeds 0,1,2. Raises StudyError."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise StudyError(
            f"--seeds cannot be {text!r}; it takes whole numbers with commas between, like 0,1,2"
        ) from None


def picture_pairs(texts: list[str] | None) -> list[tuple[str, str]] | None:
    """Content and style of every --pair C,S. Raises StudyError."""
    if texts is None:
        return None
    pairs = []
    for text in texts:
        content, comma, style = text.partition(",")
        if not (content and comma and style):
            raise StudyError(f"--pair cannot be {text!r}; it takes two pictures, like photo:chelsea,style:mosaic")
        pairs.append((absolute(content), absolute(style)))
    return pairs


def absolute(picture: str) -> str:
    """A picture's name, or its path from the root, as workers may stand elsewhere."""
    return picture if picture.startswith(("photo:", "style:")) else str(Path(picture).expanduser().resolve())


def stored_name(name: str) -> str:
    """The name under which a study is stored: a file's own word, or the name itself, which no file need have here."""
    from barestyle.study.yaml_loader import load

    return load(name).study if name.endswith((".yaml", ".yml")) else name


def folder(name: str, into: Path | None) -> Path:
    """Where a study's store and pictures are."""
    return into or Path("studies") / name


def exists(name: str, into: Path | None, storage: str | None) -> bool:
    """Whether there may be a store already."""
    from barestyle.study.storage import FILE

    return storage is not None or (folder(name, into) / FILE).is_file()


def store(name: str, into: Path | None, storage: str | None, *, create: bool = False) -> Store:
    """A study's store. Raises StudyError where there is none and `create` is False."""
    from barestyle.study.storage import open_store

    return open_store(name, folder(name, into), storage=storage, create=create)
