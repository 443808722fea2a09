"""Study files: the content of the shipped ones, and errors with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.errors import StudyError
from barestyle.spec import VGG, BinaryWeights, DiscreteWeights, GaussianWeights, HandMade, Pyramid, UniformWeights
from barestyle.study.yaml_loader import SHIPPED, load

CLAIM = """\
claims:
  - {{id: few, section: "1", statement: Few are worse, kind: {kind}, subject: [{subject}], reference: [eight]}}
figures:"""


def load_networks(name: str) -> dict[str, VGG | HandMade | Pyramid]:
    return {variant.variant: variant.build_spec({}).network for variant in load(name).variants}


def test_the_paper_includes_all_figures() -> None:
    paper = load("paper")
    parts = [load(name) for name in SHIPPED if name != "paper"]
    assert [figure.figure for figure in paper.figures] == ["2", "3", "4", "5", "6", "7", "8"]
    assert paper.figures == tuple(figure for part in parts for figure in part.figures)
    assert {optimizer.name for optimizer in paper.optimizers} == {"paper", "robust"}
    assert len(paper.pairs) >= 4
    assert len(paper.seeds) >= 3


def test_the_figures_have_the_values_of_the_paper() -> None:
    dense = load_networks("fig4").values()
    assert {network.weights.std for network in dense if isinstance(network.weights, GaussianWeights)} >= {
        0.015,
        0.05,
        0.1,
    }
    assert {network.weights.half_width for network in dense if isinstance(network.weights, UniformWeights)} >= {
        0.05,
        0.1,
        0.2,
    }
    discrete = load_networks("fig5").values()
    assert {network.weights.magnitude for network in discrete if isinstance(network.weights, BinaryWeights)} == {
        0.05,
        0.1,
        0.2,
    }
    assert {len(network.weights.levels) for network in discrete if isinstance(network.weights, DiscreteWeights)} == {
        2,
        3,
        4,
        5,
    }
    widths = {
        network.channels[0]
        for name, network in load_networks("fig6").items()
        if "npnd" in name and isinstance(network, VGG)
    }
    assert widths == {4, 16, 64, 71, 512}
    banks = {(bank.basic_set, bank.strategy) for bank in load_networks("fig7").values() if isinstance(bank, HandMade)}
    assert banks == {(basic, strategy) for basic in (1, 2, 3) for strategy in (1, 2, 3, 4)}
    pyramids = {
        (pyramid.bands, pyramid.pooling) for pyramid in load_networks("fig8").values() if isinstance(pyramid, Pyramid)
    }
    assert pyramids == {(bands, pooling) for bands in ("gaussian", "laplacian") for pooling in ("none", "max")}


def test_letters_are_those_in_the_text_of_the_paper() -> None:
    letters = {f"{f.figure}{v.letter}": v.variant for f in load("paper").figures for v in f.panels if v.letter}
    expected = {
        "2e": "no-content",
        "3d": "bias-zero",
        "4h": "uniform-0.1",
        "6g": "npnd",
        "7a": "set1-strategy4",
        "8a": "gaussian-pyramid",
    }
    assert expected.items() <= letters.items()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("title: A small", "titel: A small", "line 2: the study has no field 'titel'; its fields are study, title"),
        ("label: 8 channels", "lable: 8 channels", "line 15: figures.0.panels.1 has no field 'lable'"),
        ("size: 32", "size: 3", "line 6: size cannot be 3; it must be a whole number from 16 to 65536"),
        ("seeds: [0, 1]", "seeds: [0, 0]", "seeds name '0' twice; name each once"),
        (
            "network.channels: 8",
            "network.chanels: 8",
            "line 15: figures.0.panels.1: network of kind vgg has no field 'chanels'",
        ),
        ("preset: npnd, set: {network.channels: 8}", "preset: npd", "preset cannot be 'npd'; it must be one of bare"),
        ("variant: eight", "variant: four", "variant 'four' names two different specs"),
        ("figures:", "figures: [", "is not a valid YAML file"),
        (
            "title: A small study",
            "title: !foo x",
            "is not a valid YAML file (line 2: could not determine a constructor",
        ),
        ("title: A small study", "title: 2024-13-45", "is not a valid YAML file: month must be in 1..12"),
        ("title: A small study", "? [a]", "line 2: a field's name must be text"),
        ("title: A small study", "3: c", "line 2: a field's name must be text"),
        ("title: A small study", "title: " + "[" * 3000, "is not a valid YAML file"),
        ("size: 32", "size: 32\nsize: 64", "line 7: field 'size' is repeated; remove one of them"),
        ("channels: 8}", "channels: 8, network.channels: 9}", "line 15: field 'network.channels' is repeated"),
        ("optimizer: lbfgs", "optimizer: lbgfs", "line 9: optimizer 'robust' with variant 'four': optimizer cannot be"),
        ("steps: 2}}", "stepz: 2}}", "line 9: optimizer 'robust' with variant 'four': optimizer of kind lbfgs has no"),
        ("network.channels: 8", "size: 77", "variant 'eight' sets size, which is a field of the study"),
        ("metrics: [ssim, patches]", "metrics: []", "line 7: metrics cannot be"),
        ("study: small", "study: a/b", "line 1: study cannot be 'a/b'; it must be a name of up to 64 letters"),
        (
            "steps: 2}}",
            "steps: 2}, overrides: {ate: {size: 32}}}",
            "line 9: overrides of optimizer 'robust' names 'ate'",
        ),
        ("figures:", CLAIM.format(kind="bettr", subject="four"), "line 11: claims.0.kind cannot be 'bettr'"),
        ("figures:", CLAIM.format(kind="worse", subject="for"), "line 10: claim 'few' names 'for'"),
        (
            "figures:",
            CLAIM.format(kind="worse", subject="four@adam").replace("[eight]", "[eight@adam]"),
            "line 10: claim 'few' names 'four@adam'",
        ),
        ("figures:", CLAIM.format(kind="worse", subject="four@robust"), "names an optimizer with some of its variants"),
        (
            "figures:",
            CLAIM.format(kind="worse", subject="four").replace("kind:", "visibility: nine, kind:"),
            "line 10: visibility of claim 'few' names 'nine'",
        ),
        ("figures:", "nothing:", "no field 'nothing'"),
    ],
)
def test_an_error_names_file_line_and_field(study_file: Path, before: str, after: str, words: str) -> None:
    study_file.write_text(study_file.read_text().replace(before, after, 1))
    with pytest.raises(StudyError) as refusal:
        load(str(study_file))
    assert words in str(refusal.value)
    assert study_file.name in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_optimizer_can_override_settings_for_a_variant(study_file: Path) -> None:
    text = study_file.read_text().replace(
        "optimizer.steps: 2}}", "optimizer.steps: 2}, overrides: {eight: {optimizer.steps: 1}}}"
    )
    study_file.write_text(text)
    study = load(str(study_file))
    steps = {each.variant: study.build_spec(each, study.optimizers[0]).optimizer.steps for each in study.variants}
    assert steps == {"four": 2, "eight": 1, "gauss": 2}


def test_the_documented_study_is_that_of_the_paper() -> None:
    run = load(str(Path(__file__).parents[2] / "docs" / "paper-study" / "study.yaml"))
    assert run.figures[:-1] == load("paper").figures
    assert {variant.variant for variant in run.figures[-1].panels} == {"npnd-brief", "npnd-512"}
    assert run.size >= 128


def test_a_file_can_include_others_but_not_itself(study_file: Path) -> None:
    whole = study_file.with_name("whole.yaml")
    whole.write_text("study: whole\ntitle: Whole\ninclude: [small.yaml, fig8]\n")
    assert [figure.figure for figure in load(str(whole)).figures] == ["one", "8"]
    whole.write_text("study: whole\ntitle: Whole\ninclude: [whole.yaml]\n")
    with pytest.raises(StudyError, match="includes itself"):
        load(str(whole))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fig9", "there is no study 'fig9'; use one of paper, fig2"),
        ("nowhere.yaml", "there is no study file 'nowhere.yaml'"),
    ],
)
def test_unknown_studies_are_refused(name: str, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        load(name)


def test_a_variant_of_an_included_file_cannot_have_another_spec(study_file: Path) -> None:
    """The names are checked again after the files are merged."""
    study_file.with_name("whole.yaml").write_text(
        study_file.read_text()
        .replace("study: small", "include: [small.yaml]\nstudy: whole")
        .replace("figure: one", "figure: two")
        .replace("channels: 8", "channels: 9")
    )
    with pytest.raises(StudyError, match=r"whole.yaml': variant 'eight' names two different specs; rename one of them"):
        load(str(study_file.with_name("whole.yaml")))
