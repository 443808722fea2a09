"""`barestyle study`: declare, estimate, run and report many runs."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from barestyle.cli import options
from barestyle.cli.json_output import print_json
from barestyle.cli.messages import format_count
from barestyle.cli.option_groups import expand_groups
from barestyle.cli.study import options as study_options
from barestyle.cli.study.json_output import describe_plan, describe_report, describe_results, describe_run
from barestyle.cli.study.options import StoreOptions, StudyOptions
from barestyle.cli.study.search import search
from barestyle.errors import StudyError

app = typer.Typer(no_args_is_help=True, help="Run ablation studies: variants x optimizers x image pairs x seeds.")


@app.command("list")
def list_studies() -> None:
    """List the studies that come with barestyle."""
    from barestyle.study.yaml_loader import SHIPPED, load

    table = Table(box=None, pad_edge=False, show_header=False)
    for name in SHIPPED:
        study = load(name)
        table.add_row(name, Text(study.title), f"{len(study.variants)} variants", style=None)
    Console().print(table)


@app.command()
def show(name: study_options.Name) -> None:
    """Show a study's image pairs, optimizers and variants, with the settings of each."""
    from barestyle.study.yaml_loader import load

    study = load(name)
    console = Console(highlight=False)
    summary = f": {study.title}; {study.size} pixels, seeds {', '.join(map(str, study.seeds))}"
    console.print(Text(study.study, style="bold").append(summary, style="not bold"))
    for pair in study.pairs:
        console.print(f"  {pair.content} in the style of {pair.style}", markup=False)
    for optimizer in study.optimizers:
        console.print(f"  {optimizer.name}: {optimizer.label}", markup=False)
    for figure in study.figures:
        source = f" ({figure.source})" if figure.source else ""
        console.print(f"\nFigure {figure.figure}: {figure.title}{source}", markup=False)
        table = Table(box=None, pad_edge=False)
        for heading in ("panel", "variant", "label", "preset", "settings"):
            table.add_column(heading, overflow="fold")
        for panel in figure.panels:
            settings = ", ".join(f"{field}={value}" for field, value in panel.set.items())
            table.add_row(*(Text(cell) for cell in (panel.letter, panel.variant, panel.label, panel.preset, settings)))
        console.print(table)


@app.command()
@expand_groups
def plan(
    name: study_options.Name, location: StoreOptions, overrides: StudyOptions, as_json: options.Json = False
) -> None:
    """Count a study's cells and estimate how long they take, by timing a few evaluations of each network."""
    resolved = overrides.resolve(name)
    from barestyle.cli.progress_bar import format_duration
    from barestyle.study.estimate import estimate
    from barestyle.study.store import Store

    study = resolved.study
    results = Store(location.location(study.study)).read_results(resolved.cells)
    waiting = [result.cell for result in results if result.state != "done"]
    if as_json:
        print_json(describe_plan(study.study, len(resolved.cells), estimate(resolved, waiting)))
        return
    print(
        f"{study.study}: {format_count(len(study.pairs), 'pair')} x "
        f"{format_count(len({v.variant for v in study.variants}), 'variant')} x "
        f"{format_count(len(study.optimizers), 'optimizer')} x {format_count(len(study.seeds), 'seed')} = "
        f"{format_count(len(resolved.cells), 'different cell')}, {len(resolved.cells) - len(waiting)} done"
    )
    total = estimate(resolved, waiting)
    table = Table(box=None, pad_edge=False)
    table.add_column("variants", overflow="fold")
    for heading in ("cells", "evaluations", "at most"):
        table.add_column(heading, justify="right")
    for line in total.lines:
        table.add_row(", ".join(line.variants), f"{line.cells}", f"{line.evaluations:,}", format_duration(line.seconds))
    if total.lines:
        Console(highlight=False).print(table)
    print(
        f"{format_count(total.cells, 'cell')} to run, about {total.evaluations:,} evaluations: at most "
        f"{format_duration(total.seconds)} with one worker on this machine "
        f"(estimated in {format_duration(total.calibration)}; runs that stop early take less)"
    )


@app.command()
@expand_groups
def run(
    name: study_options.Name,
    location: StoreOptions,
    overrides: StudyOptions,
    workers: study_options.Workers = None,
    scheduler: study_options.Scheduler = None,
    until_decided: study_options.UntilDecided = False,
    hours: study_options.Hours = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run failed cells again.")] = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> int:
    """Run the cells of a study that are not done yet.

    A run that was stopped or killed continues with the same command.

    Exit code 0: all cells are done; 1: some failed or are unfinished. With --until-decided and --hours, unfinished
    cells are no failure.
    """
    if scheduler and workers:
        raise StudyError("--workers is for this machine and cannot be used with --scheduler; leave one of them out")
    if hours is not None and not until_decided:
        raise StudyError("--hours limits --until-decided; add it, or leave --hours out")
    if retry_failed and until_decided:
        raise StudyError("--retry-failed cannot be used with --until-decided; run it first without --until-decided")
    resolved = overrides.resolve(name, until_decided=until_decided)
    from barestyle.cli.study.run import StudyRun, check_scheduler, summarize
    from barestyle.study.claims import load_claims
    from barestyle.study.compare import compare_images
    from barestyle.study.resolve import declare
    from barestyle.study.store import Store

    store = Store(location.location(resolved.study.study))
    if scheduler:
        check_scheduler(scheduler)
    declare(resolved, store)
    rerun = ("waiting", "failed") if retry_failed else ("waiting",)
    waiting = [result.cell for result in store.read_results() if result.state in rerun]
    if not quiet:
        stored = len(resolved.cells) - len(waiting)
        print(f"{format_count(len(waiting), 'cell')} to run, {stored} already in the store", file=sys.stderr)
        for metric, reason in resolved.left_out.items():
            print(f"metric {metric} is left out; {reason}", file=sys.stderr)
    study_run = StudyRun(resolved, store, scheduler, workers, quiet)
    interrupted = study_run.decide_claims(hours) if until_decided else study_run.run_all(waiting)
    if not interrupted:
        compare_images(store, load_claims(resolved.study.claims))
    results = store.read_results()
    if as_json:
        print_json(describe_run(resolved.study.study, store, results, interrupted=interrupted))
    return summarize(results, store, interrupted=interrupted, may_be_unfinished=until_decided, quiet=quiet or as_json)


@app.command()
@expand_groups
def status(name: study_options.Name, location: StoreOptions, as_json: options.Json = False) -> None:
    """Print how many cells are done, waiting and failed, and why cells failed."""
    results = location.open(study_options.read_study_name(name)).read_results()
    if as_json:
        print_json(describe_results(results))
        return
    counts = Counter(result.state for result in results)
    print(", ".join(f"{counts[state]} {state}" for state in ("done", "waiting", "failed")))
    for reason, number in Counter(result.reason for result in results if result.state == "failed").most_common():
        print(f"{number} failed: {reason}")


@app.command()
@expand_groups
def report(
    name: study_options.Name,
    location: StoreOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FOLDER", help="Folder for the report (default: report, in the study's folder)."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write a study's report: an HTML page, plots, contact sheets, and tables. The study may still be running."""
    from barestyle.report import write_report
    from barestyle.report.parquet_export import NEEDS, can_write_parquet

    stored = study_options.read_study_name(name)
    store = location.open(stored)
    if output is None and (output := store.folder.path) is None:
        raise StudyError(f"the study is stored at {store.folder.location!r}; name a folder for the report with -o")
    report = write_report(store, output / "report" if output == store.folder.path else output)
    size = sum(file.stat().st_size for file in report.files) / 1e6
    tables = " and ".join(table.name for table in report.tables)
    if as_json:
        print_json(describe_report(report, store))
        return
    print(f"{report.page}, with {tables} and {format_count(len(report.sheets), 'contact sheet')}, {size:.1f} MB in all")
    if not can_write_parquet():
        print(f"the numbers are written as CSV only; for Parquet, run {NEEDS}", file=sys.stderr)


@app.command("export")
@expand_groups
def export_study(
    name: study_options.Name,
    location: StoreOptions,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The file (default: STUDY.tar.xz).")
    ] = None,
    no_images: Annotated[bool, typer.Option("--no-images", help="Leave the images out.")] = False,
) -> None:
    """Write a study's results into one file, from which another machine can continue it."""
    from barestyle.study.archive import export_study as write_archive

    stored = study_options.read_study_name(name)
    path = output or Path(f"{stored}.tar.xz")
    number = write_archive(location.open(stored), path, images=not no_images)
    print(f"{path}, {format_count(number, 'result')}, {path.stat().st_size / 1e6:.1f} MB")


@app.command("import")
@expand_groups
def import_study(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `barestyle study export` wrote.")],
    location: StoreOptions,
) -> None:
    """Add the results of an exported study to a store. `barestyle study run` then runs what is missing."""
    from barestyle.study.archive import import_study as read_archive
    from barestyle.study.archive import read_study_name
    from barestyle.study.store import Store

    target = location.location(read_study_name(file))
    added, known = read_archive(file, Store(target))
    print(f"{format_count(added, 'result')} added, {known} already in the store; results in {target}")


app.command()(search)
