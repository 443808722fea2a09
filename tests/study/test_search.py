"""Searching for networks: settings that are a network, the best of what was tried, and going on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from barestyle import preset, transfer, with_settings
from barestyle.errors import SpecError
from barestyle.metrics import score
from barestyle.study.image_files import PictureFile, find
from barestyle.study.search import Candidate, search, space
from barestyle.study.storage import open_storage

BASE = with_settings(preset("bare").spec, {"size": 32, "optimizer.steps": 2})


@pytest.fixture
def pair(pictures: Path) -> tuple[PictureFile, PictureFile]:
    return find(str(pictures / "content.png")), find(str(pictures / "style.jpg"))


def run(tmp_path: Path, pair: tuple[PictureFile, PictureFile], **options: Any) -> list[Candidate]:
    arguments = {"name": "test", "metric": "patches", "pareto": False, "trials": 4, **options}
    return search(BASE, [pair], storage=open_storage(tmp_path, create=True), **arguments)


def test_every_point_of_the_space_is_a_network() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    kinds = {with_settings(BASE, space(study.ask())).network.weights.kind for _ in range(40)}
    assert kinds == {"binary", "uniform", "gaussian", "discrete"}


def test_the_best_is_the_best_of_what_was_tried_and_can_be_had_again(
    tmp_path: Path, pair: tuple[PictureFile, PictureFile]
) -> None:
    tried: list[Candidate] = []
    (best,) = run(tmp_path, pair, on_trial=tried.append)
    assert len(tried) == 4
    assert best.scores["patches"] == min(one.scores["patches"] for one in tried)
    again = transfer(pair[0].path, pair[1].path, with_settings(BASE, best.settings))
    found = score(again.image, pair[0].path, pair[1].path, metrics=["patches"])
    assert found.values["patches"] == pytest.approx(best.scores["patches"], rel=1e-6)


def test_it_goes_on_where_it_was(tmp_path: Path, pair: tuple[PictureFile, PictureFile]) -> None:
    tried: list[Candidate] = []
    run(tmp_path, pair, trials=2, on_trial=tried.append)
    run(tmp_path, pair, trials=2, on_trial=tried.append)
    assert [one.number for one in tried] == [0, 1, 2, 3]
    assert len({str(one.settings) for one in tried}) == 4, "and does not begin again"


def test_a_front_holds_nothing_that_is_worse_in_both(tmp_path: Path, pair: tuple[PictureFile, PictureFile]) -> None:
    tried: list[Candidate] = []
    front = run(tmp_path, pair, pareto=True, on_trial=tried.append)
    assert front
    for one in front:
        assert not any(
            other.scores["patches"] < one.scores["patches"] and other.scores["ssim"] > one.scores["ssim"]
            for other in tried
        )


def test_refusals(tmp_path: Path, pair: tuple[PictureFile, PictureFile]) -> None:
    with pytest.raises(SpecError, match="there is no metric 'beauty'"):
        run(tmp_path, pair, metric="beauty")
    with pytest.raises(
        SpecError, match="metric vgg cannot be computed; it needs trained weights: name a file with --trained"
    ):
        run(tmp_path, pair, metric="vgg")
