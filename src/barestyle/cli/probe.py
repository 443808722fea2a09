"""`barestyle probe`: what the features of networks know about images."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barestyle.atomic_files import write_atomically
from barestyle.cli import options
from barestyle.cli.exit_codes import INTERRUPTED
from barestyle.cli.messages import print_error
from barestyle.errors import SpecError

if TYPE_CHECKING:
    from barestyle.probe.dataset import Dataset
    from barestyle.probe.declaration import ProbeStudy
    from barestyle.probe.measure import Accuracy

DEFAULT_SIZES = "100,300,1000,3000"

Numbers = Annotated[
    str, typer.Option(metavar="N,...", help="Numbers of training images; larger ones than there are mean all.")
]


def probe(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Labeled images: digits, a folder of classes, a .zip of one, or cifar-10-python.tar.gz.",
        ),
    ] = "digits",
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Measure the network of this preset (default: those of the paper)."),
    ] = None,
    settings: options.Settings = None,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FOLDER", help="Folder for tables and plots. A run continues there."),
    ] = Path("probes"),
    size: Annotated[int, typer.Option(metavar="N", min=16, help="Side of the images in pixels.")] = 32,
    sizes: Numbers = DEFAULT_SIZES,
    seeds: Annotated[str, typer.Option(metavar="N,...", help="Seeds of networks and of training images.")] = "0,1,2",
    heads: Annotated[
        int, typer.Option(metavar="N", min=0, help="Train heads on so many images, on some probes; 0 for none.")
    ] = 0,
    epochs: Annotated[int, typer.Option(metavar="N", min=1, help="Times that a head sees each image.")] = 8,
    trained: options.Trained = None,
    quiet: options.Quiet = False,
) -> int:
    """Measure what networks know about images: frozen features and a linear classifier, or a small trained head."""
    if find_spec("sklearn") is None:
        raise SpecError("barestyle probe needs scikit-learn; run pip install 'barestyle[probe]'")
    numbers, all_seeds = _parse(sizes, "--sizes"), _parse(seeds, "--seeds")
    if settings and preset is None:
        raise SpecError("--set changes the network of a --preset; name one")
    from barestyle.probe.dataset import load_dataset
    from barestyle.probe.report import read_accuracies_file

    accuracies = read_accuracies_file(output / "accuracies.csv")
    loaded = load_dataset(data, size=size)
    study = _select_probes(preset, settings, trained)
    _check_folder(output, study, loaded, epochs)
    if not quiet:
        print(
            f"{loaded.name}: {len(loaded.train.labels)} training and {len(loaded.test.labels)} test images",
            file=sys.stderr,
        )
    available = len(loaded.train.labels)
    runs = _Runs(
        study=study,
        data=loaded,
        numbers=sorted({min(number, available) for number in numbers}),
        seeds=all_seeds,
        heads=min(heads, available),
        epochs=epochs,
        weights=trained,
        file=output / "accuracies.csv",
        accuracies=accuracies,
    )
    return _measure_and_report(runs, output, quiet=quiet)


def _measure_and_report(runs: _Runs, folder: Path, *, quiet: bool) -> int:
    """Measure what is missing, write and print the tables, and return the exit code."""
    from barestyle.probe.report import format_table, format_verdicts, write_probe_report

    try:
        runs.run(quiet=quiet)
    except KeyboardInterrupt:
        print_error("interrupted; what was measured is kept, so run the same command again")
        return INTERRUPTED
    write_probe_report(runs.study, runs.accuracies, folder)
    print(format_table(runs.study, runs.accuracies))
    if runs.study.claims:
        print(format_verdicts(runs.study, runs.accuracies))
    print(f"tables and plots in {folder}")
    return 0


@dataclass(frozen=True)
class _Runs:
    """The measurements of a study, each stored as soon as its probe and seed are done.

    Attributes:
        study, data: what is measured.
        numbers: of training images, growing.
        seeds: of networks and of training images.
        heads: training images of heads, or 0.
        epochs: of heads.
        weights: file of trained weights, or None for the installed one.
        file: the table of accuracies.
        accuracies: those of the table, to which new ones are added.
    """

    study: ProbeStudy
    data: Dataset
    numbers: Sequence[int]
    seeds: Sequence[int]
    heads: int
    epochs: int
    weights: Path | None
    file: Path
    accuracies: list[Accuracy]

    def run(self, *, quiet: bool) -> None:
        """Measure every probe with every seed, and then the heads; what the table has is not measured again."""
        from barestyle.probe.measure import measure_heads, measure_probe

        for seed in self.seeds:
            for each in self.study.probes:
                missing = [number for number in self.numbers if not self._has(each.variant, seed, number, head=False)]
                if missing:
                    new: list[Accuracy] = []
                    measure_probe(each, self.data, missing, seed, weights=self.weights, on_accuracy=new.append)
                    self._store(new, quiet)
        for seed in self.seeds if self.heads else ():
            for each in self.study.probes:
                if each.variant in self.study.heads and not self._has(each.variant, seed, self.heads, head=True):
                    new = []
                    measure_heads(
                        each,
                        self.data,
                        self.heads,
                        seed,
                        epochs=self.epochs,
                        weights=self.weights,
                        on_accuracy=new.append,
                    )
                    self._store(new, quiet)

    def _has(self, variant: str, seed: int, number: int, *, head: bool) -> bool:
        from barestyle.probe.measure import HEAD

        return any(
            (each.probe, each.seed, each.number) == (variant, seed, number) and (each.kind == HEAD) == head
            for each in self.accuracies
        )

    def _store(self, new: list[Accuracy], quiet: bool) -> None:
        from barestyle.probe.report import format_accuracies

        self.accuracies.extend(new)
        write_atomically(self.file, format_accuracies(self.accuracies).encode())
        if not quiet and new:
            best = max(new, key=lambda each: each.accuracy)
            where = f"{best.kind} of layer {best.layer}" if best.layer else f"{best.kind} of all layers"
            print(f"{best.probe}, seed {best.seed}: {best.accuracy:.1%} ({where})", file=sys.stderr, flush=True)


def _check_folder(folder: Path, study: ProbeStudy, data: Dataset, epochs: int) -> None:
    """Raise SpecError if a folder has the measurements of other images, networks or epochs."""
    images = [split.images.numpy().tobytes() for split in (data.train, data.test)]
    specs = {probe.variant: spec.digest if (spec := probe.build_spec()) else "" for probe in study.probes}
    identity = {
        "images": hashlib.sha256(b"".join(images)).hexdigest(),
        "size": data.train.images.shape[-1],
        "epochs": epochs,
    }
    file = folder / "probe.json"
    known: dict[str, Any] = {**identity, "probes": {}}
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
    for name, value in identity.items():
        if known.get(name) != value:
            raise SpecError(f"the folder {str(folder)!r} has measurements with other {name}; choose another with -o")
    for variant, digest in specs.items():
        if known["probes"].get(variant, digest) != digest:
            raise SpecError(
                f"the folder {str(folder)!r} has {variant!r} with other settings; choose another folder with -o"
            )
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**identity, "probes": {**known["probes"], **specs}}, indent=1)
    write_atomically(file, text.encode())


def _select_probes(preset: str | None, settings: list[str] | None, trained: Path | None) -> ProbeStudy:
    """Return a study of one preset, or the shipped one, without trained networks if there are no weights."""
    from barestyle.networks.vgg19 import find_default_weights
    from barestyle.probe.declaration import Probe, ProbeStudy, load_shipped
    from barestyle.spec.overrides import parse_assignment
    from barestyle.study.expansion import needs_trained_weights

    if preset is not None:
        changes = dict(parse_assignment(text) for text in settings or [])
        single = Probe(variant=preset, label=preset, preset=preset, set=changes)
        single.build_spec()
        return ProbeStudy(probes=(single,), heads=(preset,))
    study = load_shipped()
    if trained is not None or find_default_weights() is not None:
        return study
    known = [each for each in study.probes if (spec := each.build_spec()) is None or not needs_trained_weights(spec)]
    names = {each.variant for each in known}
    claims = [c for c in study.claims if all(r.split("/")[0] in names for r in (*c.subject, *c.reference))]
    print("probes of trained weights are left out; name a file with --trained FILE", file=sys.stderr)
    return ProbeStudy(probes=tuple(known), heads=tuple(h for h in study.heads if h in names), claims=tuple(claims))


def _parse(text: str, option: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 0 or (option == "--sizes" and min(numbers) < 2):
        raise SpecError(f"{option} must be whole numbers separated by commas, such as 100,1000, not {text!r}")
    return numbers
