"""Search for networks: valid settings, the best candidates, and continued searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from barestyle import preset, transfer, with_settings
from barestyle.errors import SpecError
from barestyle.metrics import score
from barestyle.study.image_files import ImageFile, find_image
from barestyle.study.search import Candidate, search, suggest_settings
from barestyle.study.search_storage import open_storage

BASE = with_settings(preset("bare").spec, {"size": 32, "optimizer.steps": 2})


@pytest.fixture
def pair(pictures: Path) -> tuple[ImageFile, ImageFile]:
    return find_image(str(pictures / "content.png")), find_image(str(pictures / "style.jpg"))


def run_search(tmp_path: Path, pair: tuple[ImageFile, ImageFile], **options: Any) -> list[Candidate]:
    arguments = {"name": "test", "metric": "patches", "pareto": False, "trials": 4, **options}
    return search(BASE, [pair], storage=open_storage(tmp_path), **arguments)


def test_every_suggestion_is_a_valid_network() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    kinds = {with_settings(BASE, suggest_settings(study.ask())).network.weights.kind for _ in range(40)}
    assert kinds == {"binary", "uniform", "gaussian", "discrete"}


def test_the_best_candidate_has_the_best_score_and_can_be_repeated(
    tmp_path: Path, pair: tuple[ImageFile, ImageFile]
) -> None:
    tried: list[Candidate] = []
    (best,) = run_search(tmp_path, pair, on_trial=tried.append)
    assert len(tried) == 4
    assert best.scores["patches"] == min(candidate.scores["patches"] for candidate in tried)
    again = transfer(pair[0].path, pair[1].path, with_settings(BASE, best.settings))
    repeated = score(again.image, pair[0].path, pair[1].path, metrics=["patches"])
    assert repeated.values["patches"] == pytest.approx(best.scores["patches"], rel=1e-6)


def test_a_search_of_the_same_name_continues(tmp_path: Path, pair: tuple[ImageFile, ImageFile]) -> None:
    tried: list[Candidate] = []
    run_search(tmp_path, pair, trials=2, on_trial=tried.append)
    run_search(tmp_path, pair, trials=2, on_trial=tried.append)
    assert [candidate.number for candidate in tried] == [0, 1, 2, 3]
    assert len({str(candidate.settings) for candidate in tried}) == 4, "no network is tried twice"


def test_no_candidate_of_a_pareto_front_is_worse_in_both_metrics(
    tmp_path: Path, pair: tuple[ImageFile, ImageFile]
) -> None:
    tried: list[Candidate] = []
    front = run_search(tmp_path, pair, pareto=True, on_trial=tried.append)
    assert front
    for candidate in front:
        assert not any(
            other.scores["patches"] < candidate.scores["patches"] and other.scores["ssim"] > candidate.scores["ssim"]
            for other in tried
        )


def test_metrics_that_cannot_be_computed_are_refused(tmp_path: Path, pair: tuple[ImageFile, ImageFile]) -> None:
    with pytest.raises(SpecError, match="there is no metric 'beauty'"):
        run_search(tmp_path, pair, metric="beauty")
    with pytest.raises(
        SpecError, match="metric vgg cannot be computed; it needs trained weights; name a file with --trained"
    ):
        run_search(tmp_path, pair, metric="vgg")
