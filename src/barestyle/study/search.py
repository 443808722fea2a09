"""Looking for better untrained networks: Optuna's samplers over weights, bias, channels and kernel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection

from barestyle.errors import DivergedError
from barestyle.metrics import METRICS, MetricInputs, check_requirements, compute, select
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.run.runner import run
from barestyle.spec import Spec, with_settings
from barestyle.study.image_files import PictureFile

CONTENT_METRIC = "ssim"
"""What a Pareto front weighs the style metric against."""


@dataclass(frozen=True)
class Candidate:
    """A network that was tried: its settings, as for --set, and its scores by metric."""

    number: int
    settings: dict[str, Any]
    scores: dict[str, float]


def space(trial: optuna.Trial) -> dict[str, Any]:
    """Settings of an untrained network: family and size of weights, bias, channels, kernel, pooling."""
    family = trial.suggest_categorical("family", ["binary", "uniform", "gaussian", "ternary"])
    size = _short(trial.suggest_float("size", 0.01, 1.0, log=True))
    weights: dict[str, dict[str, Any]] = {
        "binary": {"network.weights": "binary", "network.weights.magnitude": size},
        "uniform": {"network.weights": "uniform", "network.weights.half_width": size},
        "gaussian": {"network.weights": "gaussian", "network.weights.std": size},
        "ternary": {"network.weights": "discrete", "network.weights.levels": [-size, 0.0, size]},
    }
    kernel = trial.suggest_categorical("kernel_size", [2, 3])
    # A Gabor filter is centerd where a kernel of 3 is; one of 2 has no center.
    without_gabor = {"network.gabor": 0.0} if kernel == 2 else {}
    return {
        **weights[family],
        **without_gabor,
        "network.bias": "constant",
        "network.bias.value": _short(trial.suggest_float("bias", 0.0, 2.0)),
        "network.channels": trial.suggest_categorical("channels", [16, 32, 64, 96]),
        "network.kernel_size": kernel,
        "network.pooling": trial.suggest_categorical("pooling", ["none", "average", "max"]),
    }


def name_of(
    base: Spec, pairs: Sequence[tuple[PictureFile, PictureFile]], *, metric: str, pareto: bool, seed: int
) -> str:
    """What a search is stored as: one on other pictures, or of another seed, is another search."""
    parts = (base.digest, str(seed), *(picture.sha256 for pair in pairs for picture in pair))
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]
    return f"search-{metric}{'-pareto' if pareto else ''}-{digest}"


def _short(value: float) -> float:
    """Three digits, so that people can type what was found."""
    return float(f"{value:.3g}")


def search(
    base: Spec,
    pairs: Sequence[tuple[PictureFile, PictureFile]],
    *,
    storage: optuna.storages.BaseStorage,
    name: str,
    metric: str,
    pareto: bool,
    trials: int,
    seed: int = 0,
    weights: Path | None = None,
    on_trial: Callable[[Candidate], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[Candidate]:
    """Try networks and return the best one by a metric, or the Pareto front of it and SSIM to the content.

    Args:
        base: everything but the network; its size and steps are every trial's.
        pairs: content and style; a score is the mean over them.
        storage: of Optuna; a search of the same name goes on where it was.
        trials: how many more to try.
        seed: of the sampler (TPE), together with how many were tried before, and of every network.

    Raises SpecError for an unknown metric or one that cannot be measured here. A network that
    explodes, or gives a metric no finite number, is pruned.
    """
    measures = select([metric, CONTENT_METRIC] if pareto else [metric])
    check_requirements(measures, weights)
    names = [one.name for one in measures]
    directions = [StudyDirection.MAXIMIZE if one.better == "higher" else StudyDirection.MINIMIZE for one in measures]
    study = optuna.create_study(
        study_name=name,
        storage=storage,
        directions=directions,
        load_if_exists=True,
    )

    # Where a search goes on, the sampler does, too, and does not begin with the same networks again.
    study.sampler = optuna.samplers.TPESampler(seed=(seed + len(study.trials)) % 2**32, multivariate=False)

    def objective(trial: optuna.Trial) -> tuple[float, ...]:
        settings = space(trial)
        trial.set_user_attr("settings", settings)
        spec = with_settings(base, settings)
        try:
            scores = [_scores(spec, pair, names, seed, weights, should_stop) for pair in pairs]
        except DivergedError as error:
            raise optuna.TrialPruned(str(error)) from None
        if any(name not in one for one in scores for name in names):
            raise optuna.TrialPruned("a metric gave no finite number")
        return tuple(sum(one[name] for one in scores) / len(scores) for name in names)

    def finished(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if should_stop():
            study.stop()
        elif on_trial is not None and trial.values:
            on_trial(_candidate(trial, names))

    study.optimize(objective, n_trials=trials, callbacks=[finished])
    return [_candidate(trial, names) for trial in study.best_trials]


def _scores(
    spec: Spec,
    pair: tuple[PictureFile, PictureFile],
    metrics: Sequence[str],
    seed: int,
    weights: Path | None,
    should_stop: Callable[[], bool],
) -> dict[str, float]:
    plan = prepare(Request(pair[0].path, pair[1].path, spec, seed=seed, precision="float32"))
    result = run(plan, should_stop=should_stop)
    if result.interrupted:
        raise optuna.TrialPruned("it was interrupted")
    judged = MetricInputs(result.image, plan.content.pixels, plan.style.pixels, weights)
    return compute(judged, [METRICS[name] for name in metrics]).values


def _candidate(trial: optuna.trial.FrozenTrial, metrics: Sequence[str]) -> Candidate:
    return Candidate(trial.number, trial.user_attrs["settings"], dict(zip(metrics, trial.values, strict=True)))
