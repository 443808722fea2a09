"""`barestyle study`: declare, plan, run and look at many transfers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from barestyle.cli import options
from barestyle.cli.options import INTERRUPTED
from barestyle.errors import StudyError
from barestyle.presets import DEFAULT_PRESET

if TYPE_CHECKING:
    from barestyle.study.begin import Prepared
    from barestyle.study.search import Candidate
    from barestyle.study.store import Store

app = typer.Typer(
    no_args_is_help=True, help="Many transfers: studies of pictures x variants x seeds, and their claims."
)

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
    typer.Option(metavar="FILE", help="Trained VGG-19, for trained variants and metrics.", envvar="BARESTYLE_VGG19"),
]
Untrained = Annotated[bool, typer.Option("--untrained", help="Leave out variants that need trained weights.")]
Size = Annotated[int | None, typer.Option(metavar="N", help="Long side in pixels (default: the study's).")]
Steps = Annotated[int | None, typer.Option(metavar="N", help="Steps of every optimiser (default: the study's).")]
Seeds = Annotated[str | None, typer.Option(metavar="LIST", help="Like 0,1,2 (default: the study's).")]
Pairs = Annotated[
    list[str] | None,
    typer.Option("--pair", metavar="C,S", help="Photograph and style, instead of the study's; may be repeated."),
]
Optimisers = Annotated[
    list[str] | None, typer.Option("--optimiser", metavar="O", help="Only this one of the study's; may be repeated.")
]


@app.command("list")
def list_studies() -> None:
    """List the studies that come with barestyle."""
    from barestyle.study.load import SHIPPED, load

    table = Table(box=None, pad_edge=False, show_header=False)
    for name in SHIPPED:
        study = load(name)
        table.add_row(name, study.title, f"{len(list(study.variants()))} variants", style=None)
    Console().print(table)


@app.command()
def show(name: Name) -> None:
    """Show a study's pairs, optimisers and variants, with what each sets."""
    from barestyle.study.load import load

    study = load(name)
    console = Console(highlight=False)
    console.print(
        f"[bold]{study.study}[/]: {study.title}; {study.size} pixels, seeds {_listed(study.seeds)}", markup=True
    )
    for pair in study.pairs:
        console.print(f"  {pair.content} in {pair.style}", markup=False)
    for optimiser in study.optimisers:
        console.print(f"  {optimiser.name}: {optimiser.label}", markup=False)
    for figure in study.figures:
        console.print(f"\nFigure {figure.figure}: {figure.title} ({figure.source})", markup=False)
        table = Table(box=None, pad_edge=False)
        for heading in ("panel", "variant", "label", "preset", "sets"):
            table.add_column(heading, overflow="fold")
        for panel in figure.panels:
            sets = ", ".join(f"{field}={value}" for field, value in panel.set.items())
            table.add_row(panel.letter, panel.variant, panel.label, panel.preset, sets)
        console.print(table)


@app.command()
def plan(
    name: Name,
    into: Into = None,
    storage: Storage = None,
    weights: Weights = None,
    untrained: Untrained = False,
    size: Size = None,
    steps: Steps = None,
    seeds: Seeds = None,
    pair: Pairs = None,
    optimiser: Optimisers = None,
) -> None:
    """Count a study's cells and estimate how long they take, from a few evaluations of each network."""
    ready = _ready(name, weights, untrained, size, steps, seeds, pair, optimiser)
    from barestyle.cli.terminal import duration
    from barestyle.study.estimate import estimate

    study = ready.study
    known = (
        {row.cell for row in _store(study.study, into, storage).rows() if row.state == "done"}
        if _exists(study.study, into, storage)
        else set()
    )
    waiting = [cell for cell in ready.cells if cell.key not in known]
    print(
        f"{study.study}: {len(study.pairs)} pairs x {len({v.variant for v in study.variants()})} variants x "
        f"{len(study.optimisers)} optimisers x {len(study.seeds)} seeds are {len(ready.cells)} different cells, "
        f"{len(ready.cells) - len(waiting)} of them done"
    )
    found = estimate(ready, waiting)
    print(
        f"{found.cells} cells to run, about {found.evaluations:,} evaluations: up to {duration(found.seconds)} with "
        f"one worker on this machine (calibrated in {duration(found.calibration)}; searches that stop early need less)"
    )


@app.command()
def run(
    name: Name,
    into: Into = None,
    storage: Storage = None,
    weights: Weights = None,
    untrained: Untrained = False,
    size: Size = None,
    steps: Steps = None,
    seeds: Seeds = None,
    pair: Pairs = None,
    optimiser: Optimisers = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes on this machine.")] = 1,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run cells again that failed.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> int:
    """Run a study's cells that are not done yet; whatever is stopped or killed goes on from there."""
    ready = _ready(name, weights, untrained, size, steps, seeds, pair, optimiser)
    from barestyle.study.begin import begin

    store = _store(ready.study.study, into, storage, create=True)
    queued = begin(ready, store, retry_failed=retry_failed)
    if not quiet:
        print(f"{queued} cells queued, {len(ready.cells) - queued} there already", file=sys.stderr)
    if workers == 1:
        return _work(store, ready.weights, quiet=quiet)
    return _spawned(store, ready, into, storage, workers, quiet=quiet)


@app.command()
def work(
    name: Name,
    into: Into = None,
    storage: Storage = None,
    weights: Weights = None,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Of this worker (default: all).")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> int:
    """Join in running a study that was begun with `run`, here or on another machine."""
    store = _store(_stored_name(name), into, storage)
    _ = store.declaration
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return _work(store, weights, quiet=quiet)


@app.command()
def status(name: Name, into: Into = None, storage: Storage = None) -> None:
    """Say how many cells are done, running, waiting and failed, and why they failed."""
    store = _store(_stored_name(name), into, storage)
    _ = store.declaration
    rows = store.rows()
    counts = Counter(row.state for row in rows)
    print(", ".join(f"{counts[state]} {state}" for state in ("done", "running", "waiting", "failed")))
    for reason, number in Counter(row.reason for row in rows if row.state == "failed").most_common():
        print(f"{number} failed: {reason}")


@app.command()
def report(
    name: Name,
    into: Into = None,
    storage: Storage = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where the report goes (default: report in the folder)."),
    ] = None,
) -> None:
    """Write the study's page and sheets from what is in its store, also while it is running."""
    from barestyle.report import write

    stored = _stored_name(name)
    files = write(_store(stored, into, storage), output or _folder(stored, into) / "report")
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{files[0]}  and {len(files) - 1} sheets beside it, {size:.1f} MB")


@app.command()
def search(
    metric: Annotated[
        str, typer.Option(metavar="M", help="What to look for, by barestyle score's names.")
    ] = "held-out",
    pareto: Annotated[bool, typer.Option("--pareto", help="The front of that metric and SSIM to the content.")] = False,
    trials: Annotated[int, typer.Option(metavar="N", min=1, help="Networks to try.")] = 50,
    preset: options.PresetName = DEFAULT_PRESET,
    size: Annotated[int, typer.Option(metavar="N", help="Long side in pixels.")] = 96,
    steps: Annotated[int, typer.Option(metavar="N", help="Steps of every search for a picture.")] = 30,
    seed: options.Seed = 0,
    pair: Pairs = None,
    into: Into = None,
    storage: Storage = None,
    weights: Weights = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what was found.")] = False,
) -> int:
    """Look for better untrained networks: weights, bias, channels, kernel and pooling; goes on where it was."""
    spec = options.assembled(preset, size=size, steps=steps)
    from barestyle.cli.interrupt import Interrupt
    from barestyle.study.declared import PAIRS
    from barestyle.study.pictures import checked
    from barestyle.study.search import search as look
    from barestyle.study.storage import open_storage

    given = _pairs(pair) or [(one.content, one.style) for one in PAIRS]
    name = f"search-{metric}{'-pareto' if pareto else ''}-{spec.digest}"
    opened = open_storage(_folder("search", into), storage=storage, create=True)

    def say(candidate: Candidate) -> None:
        if not quiet:
            print(f"{candidate.number:>4}  {_scored(candidate)}", file=sys.stderr, flush=True)

    with Interrupt("what was tried is kept") as interrupt:
        best = look(
            spec,
            [(checked(content), checked(style)) for content, style in given],
            storage=opened,
            name=name,
            metric=metric,
            pareto=pareto,
            trials=trials,
            seed=seed,
            weights=weights,
            on_trial=say,
            should_stop=lambda: interrupt.requested,
        )
    for candidate in best:
        print(_scored(candidate))
    return INTERRUPTED if interrupt.requested else 0


def _scored(candidate: Candidate) -> str:
    """A candidate's scores, and its settings as they are typed."""
    scores = ", ".join(f"{name} {value:.4g}" for name, value in candidate.scores.items())
    settings = (
        f"--set {field}={json.dumps(value, separators=(',', ':')) if isinstance(value, list) else value}"
        for field, value in candidate.settings.items()
    )
    return f"{scores}  {' '.join(settings)}"


def _ready(
    name: str,
    weights: Path | None,
    untrained: bool,
    size: int | None,
    steps: int | None,
    seeds: str | None,
    pairs: list[str] | None,
    optimisers: list[str] | None,
) -> Prepared:
    from barestyle.study import cells
    from barestyle.study.begin import prepared
    from barestyle.study.load import load
    from barestyle.study.vary import varied

    study = varied(
        load(name), size=size, steps=steps, seeds=_numbers(seeds), pairs=_pairs(pairs), optimisers=optimisers
    )
    return prepared(cells.untrained(study) if untrained else study, weights=weights)


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise StudyError(
            f"--seeds cannot be {text!r}; it takes whole numbers with commas between, like 0,1,2"
        ) from None


def _pairs(texts: list[str] | None) -> list[tuple[str, str]] | None:
    if texts is None:
        return None
    pairs = []
    for text in texts:
        content, comma, style = text.partition(",")
        if not (content and comma and style):
            raise StudyError(f"--pair cannot be {text!r}; it takes two pictures, like photo:chelsea,style:mosaic")
        pairs.append((_absolute(content), _absolute(style)))
    return pairs


def _absolute(picture: str) -> str:
    return picture if picture.startswith(("photo:", "style:")) else str(Path(picture).expanduser().resolve())


def _stored_name(name: str) -> str:
    """The name under which a study is stored: a file's own word, or the name itself, which no file need have here."""
    from barestyle.study.load import load

    return load(name).study if name.endswith((".yaml", ".yml")) else name


def _folder(name: str, into: Path | None) -> Path:
    return into or Path("studies") / name


def _exists(name: str, into: Path | None, storage: str | None) -> bool:
    from barestyle.study.storage import FILE

    return storage is not None or (_folder(name, into) / FILE).is_file()


def _store(name: str, into: Path | None, storage: str | None, *, create: bool = False) -> Store:
    from barestyle.study.storage import open_store

    return open_store(name, _folder(name, into), storage=storage, create=create)


def _work(store: Store, weights: Path | None, *, quiet: bool) -> int:
    """Work through the cells in this process, under a bar; returns the exit code."""
    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study_progress import display
    from barestyle.study.work import work as work_through

    with Interrupt("the cell in flight goes back into the queue") as interrupt, display(store, quiet=quiet) as show:
        work_through(
            store,
            weights=weights,
            on_cell=lambda _key, _word: show(),
            should_stop=lambda: interrupt.requested,
        )
    return _ended(store, interrupt.requested, quiet=quiet)


def _spawned(
    store: Store, ready: Prepared, into: Path | None, storage: str | None, workers: int, *, quiet: bool
) -> int:
    """Work through the cells in several processes, each on its share of the processors."""
    import torch

    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study_progress import POLL, display

    name = ready.study.study
    command = [sys.executable, "-m", "barestyle", "study", "work", name, "--quiet", "--into", str(_folder(name, into))]
    command += ["--threads", str(max(1, torch.get_num_threads() // workers))]
    for option, value in (("--storage", storage), ("--weights", ready.weights)):
        command += [] if value is None else [option, str(value)]
    with Interrupt("the cells in flight go back into the queue") as interrupt, display(store, quiet=quiet) as show:
        processes = [subprocess.Popen(command) for _ in range(workers)]  # our own program
        while any(process.poll() is None for process in processes):
            time.sleep(POLL)
            show()
    return _ended(store, interrupt.requested, quiet=quiet)


def _ended(store: Store, interrupted: bool, *, quiet: bool) -> int:
    rows = store.rows()
    counts = Counter(row.state for row in rows)
    if not quiet:
        print(f"{counts['done']} of {len(rows)} cells done, {counts['failed']} failed; pictures in {store.artifacts}")
    return INTERRUPTED if interrupted else 0


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
