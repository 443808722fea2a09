"""A search for better untrained networks with an Optuna sampler, over weights, bias, channels and kernel size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection

from barestyle.errors import DivergedError
from barestyle.metrics import METRICS, Metric, MetricInputs, check_requirements, compute, select
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.run.runner import run
from barestyle.spec import Spec, with_settings
from barestyle.study.image_files import ImageFile

CONTENT_METRIC = "ssim"
"""The second objective of a Pareto front, beside the style metric."""


@dataclass(frozen=True)
class Candidate:
    """A network that was tried: its settings, in the form of --set, and its scores by metric."""

    number: int
    settings: dict[str, Any]
    scores: dict[str, float]


def suggest_settings(trial: optuna.Trial) -> dict[str, Any]:
    """Return settings of an untrained network: distribution and size of weights, bias, channels, kernel, pooling."""
    family = trial.suggest_categorical("family", ["binary", "uniform", "gaussian", "ternary"])
    size = _round(trial.suggest_float("size", 0.01, 1.0, log=True))
    weights: dict[str, dict[str, Any]] = {
        "binary": {"network.weights": "binary", "network.weights.magnitude": size},
        "uniform": {"network.weights": "uniform", "network.weights.half_width": size},
        "gaussian": {"network.weights": "gaussian", "network.weights.std": size},
        "ternary": {"network.weights": "discrete", "network.weights.levels": [-size, 0.0, size]},
    }
    kernel = trial.suggest_categorical("kernel_size", [2, 3])
    # A Gabor filter needs a center, which a kernel of 2 does not have.
    without_gabor = {"network.gabor_fraction": 0.0} if kernel == 2 else {}
    return {
        **weights[family],
        **without_gabor,
        "network.bias": "constant",
        "network.bias.value": _round(trial.suggest_float("bias", 0.0, 2.0)),
        "network.channels": trial.suggest_categorical("channels", [16, 32, 64, 96]),
        "network.kernel_size": kernel,
        "network.pooling": trial.suggest_categorical("pooling", ["none", "average", "max"]),
    }


def name_search(
    base: Spec, pairs: Sequence[tuple[ImageFile, ImageFile]], *, metric: str, pareto: bool, seed: int
) -> str:
    """Return the name that a search is stored under, which differs for other images, settings or seeds."""
    parts = (base.digest, str(seed), *(image.sha256 for pair in pairs for image in pair))
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]
    return f"search-{metric}{'-pareto' if pareto else ''}-{digest}"


def _round(value: float) -> float:
    """Round to three digits, so that people can type the settings."""
    return float(f"{value:.3g}")


def search(
    base: Spec,
    pairs: Sequence[tuple[ImageFile, ImageFile]],
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
    """Try networks; return the best one by a metric, or the Pareto front of that metric and SSIM to the content.

    Args:
        base: the spec of every trial, except for its network.
        pairs: content and style images; a score is the mean over the pairs.
        storage: Optuna's storage.
        name: of the search; one that is in the storage is continued.
        metric: to optimize.
        pareto: whether to return the Pareto front.
        trials: how many more networks to try.
        seed: of every network, and with the number of earlier trials of the sampler (TPE).
        weights: file of trained VGG-19, for metrics that need it.
        on_trial: called with every network that was tried.
        should_stop: polled during every run.

    Raises SpecError for an unknown metric, or one that cannot be computed here. A network whose loss becomes infinite
    or NaN, or for which a metric has no finite value, is pruned.
    """
    metrics = select([metric, CONTENT_METRIC] if pareto else [metric])
    check_requirements(metrics, weights)
    names = [each.name for each in metrics]
    study = _load_search(name, storage, metrics, seed)

    def objective(trial: optuna.Trial) -> tuple[float, ...]:
        settings = suggest_settings(trial)
        trial.set_user_attr("settings", settings)
        spec = with_settings(base, settings)
        try:
            scores = [_run_and_score(spec, pair, names, seed, weights, should_stop) for pair in pairs]
        except DivergedError as error:
            raise optuna.TrialPruned(str(error)) from None
        if any(name not in values for values in scores for name in names):
            raise optuna.TrialPruned("a metric has no finite value")
        return tuple(sum(values[name] for values in scores) / len(scores) for name in names)

    def report(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if should_stop():
            study.stop()
        elif on_trial is not None and trial.values:
            on_trial(_to_candidate(trial, names))

    study.optimize(objective, n_trials=trials, callbacks=[report])
    return [_to_candidate(trial, names) for trial in study.best_trials]


def _load_search(name: str, storage: optuna.storages.BaseStorage, metrics: Sequence[Metric], seed: int) -> optuna.Study:
    """Return a new or an earlier search, with a sampler that does not suggest the earlier networks again."""
    directions = [StudyDirection.MAXIMIZE if each.better == "higher" else StudyDirection.MINIMIZE for each in metrics]
    study = optuna.create_study(study_name=name, storage=storage, directions=directions, load_if_exists=True)
    study.sampler = optuna.samplers.TPESampler(seed=(seed + len(study.trials)) % 2**32, multivariate=False)
    return study


def _run_and_score(
    spec: Spec,
    pair: tuple[ImageFile, ImageFile],
    metrics: Sequence[str],
    seed: int,
    weights: Path | None,
    should_stop: Callable[[], bool],
) -> dict[str, float]:
    plan = prepare(Request(pair[0].path, pair[1].path, spec, seed=seed, precision="float32"))
    result = run(plan, should_stop=should_stop)
    if result.interrupted:
        raise optuna.TrialPruned("it was interrupted")
    inputs = MetricInputs(result.image, plan.content.pixels, plan.style.pixels, weights)
    return compute(inputs, [METRICS[name] for name in metrics]).values


def _to_candidate(trial: optuna.trial.FrozenTrial, metrics: Sequence[str]) -> Candidate:
    return Candidate(trial.number, trial.user_attrs["settings"], dict(zip(metrics, trial.values, strict=True)))
