"""Expansion of a study: each cell once, with a key that depends on everything that the result depends on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from barestyle.errors import StudyError
from barestyle.study.expansion import drop_trained_variants, expand
from barestyle.study.override import override
from barestyle.study.resolve import ResolvedStudy, resolve_study
from barestyle.study.yaml_loader import load


def list_keys(study_file: Path) -> set[str]:
    return {cell.key for cell in resolve_study(load(str(study_file)), weights=None).cells}


def test_every_variant_optimizer_pair_and_seed_has_one_cell(small: ResolvedStudy) -> None:
    assert len(small.cells) == 3 * 1 * 1 * 2
    assert len({cell.key for cell in small.cells}) == len(small.cells)
    assert [cell.seed for cell in small.cells] == [0, 0, 0, 1, 1, 1], "a seed completes all figures first"


def test_two_names_of_one_spec_share_their_cells(study_file: Path) -> None:
    before = list_keys(study_file)
    text = study_file.read_text()
    study_file.write_text(text + "      - {variant: again, label: again, preset: npnd, set: {network.channels: 4}}\n")
    assert list_keys(study_file) == before


def test_an_added_variant_keeps_the_other_cells(study_file: Path) -> None:
    before = list_keys(study_file)
    text = study_file.read_text()
    study_file.write_text(text + "      - {variant: six, label: six, preset: npnd, set: {network.channels: 6}}\n")
    assert list_keys(study_file) > before
    assert len(list_keys(study_file)) == len(before) + 2


def test_another_image_size_number_of_steps_or_seed_gives_other_cells(
    study_file: Path, style_image: Image.Image, tmp_path: Path
) -> None:
    before = list_keys(study_file)
    study = load(str(study_file))
    style_image.rotate(180).save(tmp_path / "turned.png")
    for change in (
        {"size": 33},
        {"steps": 3},
        {"pairs": [(study.pairs[0].content, str(tmp_path / "turned.png"))]},
        {"seeds": [2, 3]},
    ):
        changed = resolve_study(override(study, **change), weights=None)
        assert not {cell.key for cell in changed.cells} & before


def test_a_network_that_is_not_random_has_one_seed(synthetic_weights: Path) -> None:
    study = override(load("fig3"), pairs=[("photo:coffee", "style:mosaic")])
    cells = resolve_study(study, weights=synthetic_weights).cells
    assert [cell.seed for cell in cells if "bias-shuffled@paper" in cell.names] == list(study.seeds)
    assert [cell.seed for cell in cells if "bias-trained@paper" in cell.names] == [study.seeds[0]]


def test_single_variants_may_have_other_seeds(study_file: Path) -> None:
    study = load(str(study_file)).model_copy(update={"seeds": (0,), "variant_seeds": {"eight": (0, 5)}})
    cells = resolve_study(study, weights=None).cells
    assert [(cell.variants, cell.seed) for cell in cells] == [
        (("four",), 0),
        (("eight",), 0),
        (("gauss",), 0),
        (("eight",), 5),
    ]


def test_two_names_of_one_spec_have_the_seeds_of_both(study_file: Path) -> None:
    text = study_file.read_text()
    study_file.write_text(text + "      - {variant: again, label: again, preset: npnd, set: {network.channels: 4}}\n")
    study = load(str(study_file)).model_copy(update={"seeds": (0,), "variant_seeds": {"again": (0, 7)}})
    cells = resolve_study(study, weights=None).cells
    assert [cell.seed for cell in cells if "four" in cell.variants] == [0, 7]


def test_trained_variants_need_weights() -> None:
    study = load("paper")
    hashes = {name: "0" * 64 for pair in study.pairs for name in (pair.content, pair.style)}
    with pytest.raises(StudyError, match="variant 'original' needs trained VGG-19 weights; name a file with --trained"):
        expand(study, hashes, None)
    untrained = drop_trained_variants(study)
    assert [figure.figure for figure in untrained.figures] == ["4", "5", "6", "7", "8"]
    assert expand(untrained, hashes, None)
    with pytest.raises(StudyError, match="every variant of study 'fig3' needs trained weights"):
        drop_trained_variants(load("fig3"))
