"""`barestyle study`: declare, plan, run and look at many transfers."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from barestyle.cli import options
from barestyle.cli.options import INTERRUPTED
from barestyle.cli.study import options as study_options
from barestyle.cli.study.work import in_several_processes, in_this_process
from barestyle.presets import DEFAULT_PRESET

if TYPE_CHECKING:
    from barestyle.study.search import Candidate

app = typer.Typer(
    no_args_is_help=True, help="Many transfers: studies of pictures x variants x seeds, and their claims."
)


@app.command("list")
def list_studies() -> None:
    """List the studies that come with barestyle."""
    from barestyle.study.yaml_loader import SHIPPED, load

    table = Table(box=None, pad_edge=False, show_header=False)
    for name in SHIPPED:
        study = load(name)
        table.add_row(name, Text(study.title), f"{len(list(study.variants()))} variants", style=None)
    Console().print(table)


@app.command()
def show(name: study_options.Name) -> None:
    """Show a study's pairs, optimizers and variants, with what each sets."""
    from barestyle.study.yaml_loader import load

    study = load(name)
    console = Console(highlight=False)
    words = f": {study.title}; {study.size} pixels, seeds {_listed(study.seeds)}"
    console.print(Text(study.study, style="bold").append(words, style="not bold"))
    for pair in study.pairs:
        console.print(f"  {pair.content} in {pair.style}", markup=False)
    for optimizer in study.optimizers:
        console.print(f"  {optimizer.name}: {optimizer.label}", markup=False)
    for figure in study.figures:
        console.print(f"\nFigure {figure.figure}: {figure.title} ({figure.source})", markup=False)
        table = Table(box=None, pad_edge=False)
        for heading in ("panel", "variant", "label", "preset", "sets"):
            table.add_column(heading, overflow="fold")
        for panel in figure.panels:
            sets = ", ".join(f"{field}={value}" for field, value in panel.set.items())
            table.add_row(*(Text(cell) for cell in (panel.letter, panel.variant, panel.label, panel.preset, sets)))
        console.print(table)


@app.command()
def plan(
    name: study_options.Name,
    into: study_options.Into = None,
    storage: study_options.Storage = None,
    weights: study_options.Weights = None,
    untrained: study_options.Untrained = False,
    size: study_options.Size = None,
    steps: study_options.Steps = None,
    seeds: study_options.Seeds = None,
    pair: study_options.Pairs = None,
    optimizer: study_options.Optimizers = None,
) -> None:
    """List a study's cells and estimate how long they take, from a few evaluations of each network."""
    ready = study_options.ready(name, weights, untrained, size, steps, seeds, pair, optimizer)
    from barestyle.cli.progress_bar import duration
    from barestyle.study.estimate import estimate

    study = ready.study
    known = (
        {row.cell for row in study_options.store(study.study, into, storage).rows() if row.state == "done"}
        if study_options.exists(study.study, into, storage)
        else set()
    )
    waiting = [cell for cell in ready.cells if cell.key not in known]
    print(
        f"{study.study}: {len(study.pairs)} pairs x {len({v.variant for v in study.variants()})} variants x "
        f"{len(study.optimizers)} optimizers x {len(study.seeds)} seeds are {len(ready.cells)} different cells, "
        f"{len(ready.cells) - len(waiting)} of them done"
    )
    found = estimate(ready, waiting)
    table = Table(box=None, pad_edge=False)
    table.add_column("cells of", overflow="fold")
    for heading in ("number", "evaluations", "up to"):
        table.add_column(heading, justify="right")
    for line in found.lines:
        table.add_row(", ".join(line.variants), f"{line.cells}", f"{line.evaluations:,}", duration(line.seconds))
    if found.lines:
        Console(highlight=False).print(table)
    print(
        f"{found.cells} cells to run, about {found.evaluations:,} evaluations: up to {duration(found.seconds)} with "
        f"one worker on this machine (calibrated in {duration(found.calibration)}; searches that stop early need less)"
    )


@app.command()
def run(
    name: study_options.Name,
    into: study_options.Into = None,
    storage: study_options.Storage = None,
    weights: study_options.Weights = None,
    untrained: study_options.Untrained = False,
    size: study_options.Size = None,
    steps: study_options.Steps = None,
    seeds: study_options.Seeds = None,
    pair: study_options.Pairs = None,
    optimizer: study_options.Optimizers = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes on this machine.")] = 1,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run cells again that failed.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> int:
    """Run a study's cells that are not done yet; whatever is stopped or killed goes on from there.

    Exit code 0 when all cells are done, 1 when some failed.
    """
    ready = study_options.ready(name, weights, untrained, size, steps, seeds, pair, optimizer)
    from barestyle.study.resolve import begin

    store = study_options.store(ready.study.study, into, storage, create=True)
    queued = begin(ready, store, retry_failed=retry_failed)
    if not quiet:
        print(f"{queued} cells queued, {len(ready.cells) - queued} there already", file=sys.stderr)
        for metric, why in ready.left_out.items():
            print(f"metric {metric} is left out; {why}", file=sys.stderr)
    if workers == 1:
        return in_this_process(store, ready.weights, quiet=quiet)
    return in_several_processes(store, ready, into, storage, workers, quiet=quiet)


@app.command()
def work(
    name: study_options.Name,
    into: study_options.Into = None,
    storage: study_options.Storage = None,
    weights: study_options.Weights = None,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Of this worker (default: all).")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    parent: Annotated[int | None, typer.Option(hidden=True, help="Stop when this process is gone.")] = None,
) -> int:
    """Join in running a study that was begun with `run`, here or on another machine."""
    store = study_options.store(study_options.stored_name(name), into, storage)
    _ = store.declaration
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return in_this_process(store, weights, quiet=quiet, parent=parent)


@app.command()
def status(name: study_options.Name, into: study_options.Into = None, storage: study_options.Storage = None) -> None:
    """Say how many cells are done, running, waiting and failed, and why they failed."""
    store = study_options.store(study_options.stored_name(name), into, storage)
    _ = store.declaration
    rows = store.rows()
    counts = Counter(row.state for row in rows)
    print(", ".join(f"{counts[state]} {state}" for state in ("done", "running", "waiting", "failed")))
    for reason, number in Counter(row.reason for row in rows if row.state == "failed").most_common():
        print(f"{number} failed: {reason}")


@app.command()
def report(
    name: study_options.Name,
    into: study_options.Into = None,
    storage: study_options.Storage = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where the report goes (default: report in the folder)."),
    ] = None,
) -> None:
    """Write the study's page, sheets and numbers from what is in its store, also while it is running."""
    from barestyle.report import write

    stored = study_options.stored_name(name)
    files = write(study_options.store(stored, into, storage), output or study_options.folder(stored, into) / "report")
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{files[0]}  with {files[1].name} and {len(files) - 2} sheets beside it, {size:.1f} MB")


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
    pair: study_options.Pairs = None,
    into: study_options.Into = None,
    storage: study_options.Storage = None,
    weights: study_options.Weights = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what was found.")] = False,
) -> int:
    """Look for better untrained networks: weights, bias, channels, kernel and pooling; goes on where it was."""
    spec = options.assembled(preset, size=size, steps=steps)
    from barestyle.cli.interrupt import Interrupt
    from barestyle.networks.vgg19 import default_weights
    from barestyle.study.declaration import PAIRS
    from barestyle.study.image_files import checked
    from barestyle.study.search import name_of
    from barestyle.study.search import search as look
    from barestyle.study.storage import open_storage

    given = study_options.picture_pairs(pair) or [(one.content, one.style) for one in PAIRS]
    pictures = [(checked(content), checked(style)) for content, style in given]
    weights = weights or ((found := default_weights()) and Path(found)) or None
    name = name_of(spec, pictures, metric=metric, pareto=pareto, seed=seed)
    opened = open_storage(study_options.folder("search", into), storage=storage, create=True)

    def say(candidate: Candidate) -> None:
        if not quiet:
            print(f"{candidate.number:>4}  {_scored(candidate)}", file=sys.stderr, flush=True)

    with Interrupt("what was tried is kept") as interrupt:
        best = look(
            spec,
            pictures,
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


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
