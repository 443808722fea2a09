"""`barestyle study search`: search for better untrained networks."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.exit_codes import INTERRUPTED
from barestyle.cli.json_output import print_json
from barestyle.cli.spec_builder import build_spec
from barestyle.cli.study import options as study_options
from barestyle.presets import DEFAULT_PRESET

if TYPE_CHECKING:
    from barestyle.study.search import Candidate


def search(
    into: study_options.SearchInto = None,
    storage: study_options.SearchStorage = None,
    metric: Annotated[str, typer.Option(metavar="NAME", help="Metric to optimize, as in `barestyle score`.")] = (
        "held-out"
    ),
    pareto: Annotated[
        bool, typer.Option("--pareto", help="Also maximize SSIM to the content, and print the best trade-offs.")
    ] = False,
    trials: Annotated[int, typer.Option(metavar="N", min=1, help="Number of networks to try.")] = 50,
    preset: options.PresetName = DEFAULT_PRESET,
    size: Annotated[int, typer.Option(metavar="N", help="Longer side of the results in pixels.")] = 96,
    steps: Annotated[int, typer.Option(metavar="N", help="Optimizer steps of every run.")] = 30,
    seed: options.Seed = 0,
    pair: study_options.Pairs = None,
    trained: options.Trained = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the best networks only.")] = False,
    as_json: options.Json = False,
) -> int:
    """Search for better untrained networks, over weights, bias, channels, kernel size and pooling.

    A search that is started again with the same options continues.
    """
    spec = build_spec(preset, size=size, steps=steps)
    from barestyle.cli.interrupt import Interrupt
    from barestyle.study.declaration import DEFAULT_PAIRS
    from barestyle.study.image_files import check_image
    from barestyle.study.search import name_search
    from barestyle.study.search import search as search_networks
    from barestyle.study.search_storage import open_storage

    pairs = study_options.parse_pairs(pair) or [(default.content, default.style) for default in DEFAULT_PAIRS]
    images = [(check_image(content), check_image(style)) for content, style in pairs]
    name = name_search(spec, images, metric=metric, pareto=pareto, seed=seed)

    def print_candidate(candidate: Candidate) -> None:
        if not quiet:
            print(f"{candidate.number:>4}  {format_candidate(candidate)}", file=sys.stderr, flush=True)

    with Interrupt("the networks tried so far are kept") as interrupt:
        best = search_networks(
            spec,
            images,
            storage=open_storage(into or Path("studies/search"), storage),
            name=name,
            metric=metric,
            pareto=pareto,
            trials=trials,
            seed=seed,
            weights=trained or study_options.find_default_weights(),
            on_trial=print_candidate,
            should_stop=lambda: interrupt.requested,
        )
    if as_json:
        print_json({"best": [asdict(candidate) for candidate in best], "interrupted": interrupt.requested})
    else:
        for candidate in best:
            print(format_candidate(candidate))
    return INTERRUPTED if interrupt.requested else 0


def format_candidate(candidate: Candidate) -> str:
    """Return a candidate's scores, and its settings as options for `barestyle transfer`."""
    scores = ", ".join(f"{name} {value:.4g}" for name, value in candidate.scores.items())
    texts = {
        field: json.dumps(value, separators=(",", ":")) if isinstance(value, list) else value
        for field, value in candidate.settings.items()
    }
    settings = (f"--set {quote(f'{field}={text}')}" for field, text in texts.items())  # some shells expand brackets
    return f"{scores}  {' '.join(settings)}"
