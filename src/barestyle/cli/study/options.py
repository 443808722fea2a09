"""Options of the `barestyle study` commands, and what they describe: a study, its images, its store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.completion import complete_pair
from barestyle.errors import StudyError

if TYPE_CHECKING:
    from barestyle.study.resolve import ResolvedStudy
    from barestyle.study.store import Store

Name = Annotated[
    str, typer.Argument(metavar="STUDY", help="Name of a shipped study, or a .yaml file.", show_default=False)
]
Into = Annotated[
    str | None,
    typer.Option(
        "--into",
        metavar="FOLDER",
        help="Folder for results and images, or a URL such as s3://bucket/folder (default: studies/NAME).",
        show_default=False,
    ),
]
SearchInto = Annotated[
    Path | None,
    typer.Option(
        "--into", metavar="FOLDER", help="Folder for the results (default: studies/search).", show_default=False
    ),
]
SearchStorage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        help="Database of Optuna, instead of an SQLite file in the folder.",
        show_default=False,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Run on the workers of this Dask scheduler, such as tcp://host:8786, instead of on this machine.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Processes on this machine (default: one for each processor).",
        show_default=False,
    ),
]
UntilDecided = Annotated[
    bool,
    typer.Option(
        "--until-decided",
        help="Run first the cells that decide the most claims per second of work; end when all are decided.",
    ),
]
Hours = Annotated[
    float | None,
    typer.Option(metavar="N", min=0, help="With --until-decided: stop after so many hours.", show_default=False),
]
Untrained = Annotated[bool, typer.Option("--untrained", help="Leave out variants that need trained weights.")]
Size = Annotated[
    int | None, typer.Option(metavar="N", help="Longer side of the results in pixels (default: the study's).")
]
Steps = Annotated[int | None, typer.Option(metavar="N", help="Steps of every optimizer (default: the study's).")]
Seeds = Annotated[str | None, typer.Option(metavar="N,...", help="Seeds, such as 0,1,2 (default: the study's).")]
Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--pair",
        metavar="C,S",
        help="Content and style image, instead of the study's pairs. May be repeated.",
        autocompletion=complete_pair,
    ),
]
Optimizers = Annotated[
    list[str] | None,
    typer.Option("--optimizer", metavar="NAME", help="Use only this optimizer of the study. May be repeated."),
]


@dataclass(frozen=True)
class StudyOptions:
    """Overrides of a study, and the trained weights that it uses."""

    trained: options.Trained = None
    untrained: Untrained = False
    size: Size = None
    steps: Steps = None
    seeds: Seeds = None
    pair: Pairs = None
    optimizer: Optimizers = None

    def resolve(self, name: str, *, until_decided: bool = False) -> ResolvedStudy:
        """Return the study that the options describe, after checking all that it needs. Raises BarestyleError.

        With `until_decided` it has looks at growing numbers of pairs.
        """
        from barestyle.study.expansion import drop_trained_variants
        from barestyle.study.override import override
        from barestyle.study.resolve import resolve_study
        from barestyle.study.yaml_loader import load

        study = override(
            load(name),
            size=self.size,
            steps=self.steps,
            seeds=parse_seeds(self.seeds),
            pairs=parse_pairs(self.pair),
            optimizers=self.optimizer,
        )
        study = study.with_looks() if until_decided else study
        if self.untrained:
            return resolve_study(drop_trained_variants(study), weights=self.trained)
        return resolve_study(study, weights=self.trained or find_default_weights())


@dataclass(frozen=True)
class StoreOptions:
    """Where a study's results and images are stored."""

    into: Into = None

    def location(self, name: str) -> str:
        """Return the folder or URL of a study's store."""
        return self.into or f"studies/{name}"

    def open(self, name: str) -> Store:
        """Return the store of an existing study. Raises StudyError."""
        from barestyle.study.store import open_store

        return open_store(name, self.location(name))


def find_default_weights() -> Path | None:
    """Return the file of trained weights that is used if none is given, or None."""
    from barestyle.networks.vgg19 import find_default_weights

    default = find_default_weights()
    return Path(default) if default else None


def parse_seeds(text: str | None) -> list[int] | None:
    """Return the seeds of --seeds 0,1,2. Raises StudyError."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise StudyError(f"--seeds must be whole numbers separated by commas, such as 0,1,2, not {text!r}") from None


def parse_pairs(texts: list[str] | None) -> list[tuple[str, str]] | None:
    """Return content and style of every --pair C,S. Raises StudyError."""
    if texts is None:
        return None
    pairs = []
    for text in texts:
        content, comma, style = text.partition(",")
        if not (content and comma and style):
            raise StudyError(f"--pair must be two images, such as photo:chelsea,style:mosaic, not {text!r}")
        pairs.append((make_absolute(content), make_absolute(style)))
    return pairs


def make_absolute(image: str) -> str:
    """Return a sample's name unchanged and a path as an absolute one, which means the same in every folder."""
    return image if image.startswith(("photo:", "style:")) else str(Path(image).expanduser().resolve())


def read_study_name(name: str) -> str:
    """Return the name that a study is stored under: that in its .yaml file, or the given one.

    A name need not be that of a shipped study: its file may be on another machine.
    """
    from barestyle.study.yaml_loader import load

    return load(name).study if name.endswith((".yaml", ".yml")) else name
