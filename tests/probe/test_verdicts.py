"""Verdicts on accuracies, and the tables that show them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from barestyle.errors import RecordError, SpecError
from barestyle.probe.declaration import ProbeClaim, ProbeStudy, load_shipped
from barestyle.probe.measure import Accuracy, build_probe_network
from barestyle.probe.report import format_accuracies, format_table, read_accuracies_file, write_probe_report
from barestyle.probe.verdicts import choose_layer, judge_probes, read_accuracies
from barestyle.spec import VGG, HandMade, Pyramid


def make(probe: str, kind: str, layer: int, values: list[float], number: int = 100) -> list[Accuracy]:
    return [
        Accuracy(probe, kind, layer, number, seed, value, round(value - 0.1, 5)) for seed, value in enumerate(values)
    ]


ACCURACIES = [
    *make("binary", "whitened", 1, [0.50, 0.515, 0.49, 0.505]),
    *make("binary", "whitened", 2, [0.60, 0.61, 0.59, 0.60]),
    *make("binary", "whitened", 2, [0.40, 0.40, 0.40, 0.40], number=50),
    *make("gaussian", "whitened", 2, [0.60, 0.612, 0.588, 0.601]),
    *make("pixels", "means", 1, [0.31, 0.30, 0.29, 0.30]),
]


@pytest.mark.parametrize(
    ("kind", "subject", "reference", "expected"),
    [
        ("better", "binary/whitened/best", "pixels/means/1", "supported"),
        ("worse", "binary/whitened/best", "pixels/means/1", "contradicted"),
        ("equivalent", "binary/whitened/best", "gaussian/whitened/best", "supported"),
        ("equivalent", "binary/whitened/1", "binary/whitened/2", "contradicted"),
        ("no-better", "binary/whitened/1", "binary/whitened/2", "supported"),
        ("better", "binary/head/1", "pixels/means/1", "untested"),
    ],
)
def test_known_differences_give_the_right_verdict(kind: str, subject: str, reference: str, expected: str) -> None:
    claim = ProbeClaim.model_validate(
        {"id": "x", "statement": "", "kind": kind, "subject": [subject], "reference": [reference]}
    )
    (verdict,) = judge_probes([claim], ACCURACIES)
    assert verdict.word == expected
    if expected != "untested":
        expected_effect = np.mean(list(read_accuracies(subject, ACCURACIES).values())) - np.mean(
            list(read_accuracies(reference, ACCURACIES).values())
        )
        assert verdict.effect == pytest.approx(expected_effect)


def test_a_reading_has_the_most_training_images_and_the_best_layer() -> None:
    assert read_accuracies("binary/whitened/best", ACCURACIES) == {0: 0.60, 1: 0.61, 2: 0.59, 3: 0.60}
    assert read_accuracies("binary/whitened/1", ACCURACIES)[1] == 0.515
    assert read_accuracies("binary/means/1", ACCURACIES) == {}


def test_the_layer_is_chosen_by_validation_and_not_by_the_test_images() -> None:
    lucky = [Accuracy("a", "means", 1, 10, 0, 0.9, 0.5), Accuracy("a", "means", 2, 10, 0, 0.6, 0.7)]
    assert read_accuracies("a/means/best", lucky) == {0: 0.6}
    assert choose_layer([]) is None


def test_one_number_repeated_is_no_evidence() -> None:
    """All seeds of a network that is not random give the same, if the training images are all there are."""
    claim = ProbeClaim(id="x", statement="", kind="better", subject=("a/means/2",), reference=("a/means/1",))
    same = [*make("a", "means", 1, [0.5] * 4), *make("a", "means", 2, [0.9] * 4)]
    assert judge_probes([claim], same)[0].word == "untested"


def test_the_shipped_study_has_every_kind_of_network() -> None:
    study = load_shipped()
    specs = {probe.variant: probe.build_spec() for probe in study.probes}
    kinds = {type(spec.network) for spec in specs.values() if spec is not None}
    assert kinds == {VGG, HandMade, Pyramid}
    assert [name for name, spec in specs.items() if spec is None] == ["pixels"]
    trained = specs["trained"]
    assert trained is not None
    assert isinstance(trained.network, VGG)
    assert trained.network.is_trained
    with pytest.raises(SpecError, match="is not a probe"):
        ProbeStudy(probes=study.probes, heads=("nowhere",))


def test_a_network_needs_large_enough_images() -> None:
    spec = next(probe for probe in load_shipped().probes if probe.variant == "gaussian-pyramid").build_spec()
    assert spec is not None
    with pytest.raises(SpecError, match="images of 16 pixels are too small for this network; it needs"):
        build_probe_network(spec, 0, size=16)


def test_accuracies_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "accuracies.csv").write_text(format_accuracies(ACCURACIES))
    assert read_accuracies_file(tmp_path / "accuracies.csv") == ACCURACIES
    assert read_accuracies_file(tmp_path / "nowhere.csv") == []
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordError, match="is not a table of probes"):
        read_accuracies_file(tmp_path / "other.csv")


def test_a_report_has_the_best_layer_of_every_probe(tmp_path: Path) -> None:
    study = load_shipped()
    lines = format_table(study, ACCURACIES).splitlines()
    assert lines[0] == "| probe | means | whitened |"
    assert "| raw pixels | 30.0 ± 0.8 |  |" in lines
    assert "| VGG's shape, binary |  | 60.0 ± 0.8 (layer 2) |" in lines
    written = {path.name for path in write_probe_report(study, ACCURACIES, tmp_path)}
    assert {"curves-whitened.png", "layers-whitened.svg", "tables.md"} <= written
    assert all((tmp_path / name).stat().st_size > 0 for name in written)
