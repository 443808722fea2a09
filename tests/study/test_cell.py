"""Cells are known by what goes into them, and by nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from barestyle.errors import ImageError, SpecError, StudyError
from barestyle.study.cell import cells, untrained
from barestyle.study.override import varied
from barestyle.study.resolve import Prepared, prepared
from barestyle.study.yaml_loader import load


def keys(study_file: Path) -> set[str]:
    return {cell.key for cell in prepared(load(str(study_file)), weights=None).cells}


def test_every_variant_optimizer_pair_and_seed_once(small: Prepared) -> None:
    assert len(small.cells) == 3 * 1 * 1 * 2
    assert len({cell.key for cell in small.cells}) == len(small.cells)
    assert [cell.seed for cell in small.cells] == [0, 0, 0, 1, 1, 1], "a seed fills all figures before the next begins"


def test_two_names_of_one_spec_share_their_cells(study_file: Path) -> None:
    before = keys(study_file)
    text = study_file.read_text()
    study_file.write_text(text + "      - {variant: again, label: again, preset: npnd, set: {network.channels: 4}}\n")
    assert keys(study_file) == before


def test_an_added_variant_keeps_the_cells_that_there_were(study_file: Path) -> None:
    before = keys(study_file)
    text = study_file.read_text()
    study_file.write_text(text + "      - {variant: six, label: six, preset: npnd, set: {network.channels: 6}}\n")
    assert keys(study_file) > before
    assert len(keys(study_file)) == len(before) + 2


def test_another_picture_size_or_step_makes_other_cells(
    study_file: Path, style_image: Image.Image, tmp_path: Path
) -> None:
    before = keys(study_file)
    study = load(str(study_file))
    style_image.rotate(180).save(tmp_path / "turned.png")
    for change in (
        {"size": 33},
        {"steps": 3},
        {"pairs": [(study.pairs[0].content, str(tmp_path / "turned.png"))]},
        {"seeds": [2, 3]},
    ):
        other = prepared(varied(study, **change), weights=None)
        assert not {cell.key for cell in other.cells} & before


def test_what_is_not_drawn_is_run_once(synthetic_weights: Path) -> None:
    study = load("fig3")
    ready = prepared(varied(study, pairs=[("photo:coffee", "style:mosaic")]), weights=synthetic_weights)
    drawn = [cell for cell in ready.cells if "bias-shuffled@paper" in cell.names]
    fixed = [cell for cell in ready.cells if "bias-trained@paper" in cell.names]
    assert [cell.seed for cell in drawn] == list(study.seeds)
    assert [cell.seed for cell in fixed] == [study.seeds[0]]


def test_a_size_that_a_network_cannot_work_with_is_refused_before_any_cell() -> None:
    with pytest.raises(ImageError, match="would be used at 16 x 11, but this network needs at least 24 a side"):
        prepared(varied(load("fig8"), size=16), weights=None)


def test_a_metric_that_lacks_something_is_refused_where_it_is_named(study_file: Path) -> None:
    text = study_file.read_text()
    study_file.write_text(text.replace("metrics: [ssim, patches]", "metrics: [ssim, vgg]"))
    with pytest.raises(SpecError, match="metric vgg of study 'small' cannot be computed; it needs trained weights"):
        prepared(load(str(study_file)), weights=None)
    study_file.write_text(text.replace("metrics: [ssim, patches]\n", ""))
    ready = prepared(load(str(study_file)), weights=None)
    assert "vgg" not in ready.metrics
    assert ready.left_out["vgg"].startswith("it needs trained weights: name a file with --trained FILE")


def test_trained_variants_need_weights() -> None:
    study = load("paper")
    with pytest.raises(StudyError, match="variant 'original' needs trained VGG-19 weights; name a file with --trained"):
        prepared(study, weights=None)
    rest = untrained(study)
    assert [figure.figure for figure in rest.figures] == ["4", "5", "6", "7", "8"]
    assert cells(rest, prepared(rest, weights=None).pictures, None)
    with pytest.raises(StudyError, match="every variant of study 'fig3' needs trained weights"):
        untrained(load("fig3"))
