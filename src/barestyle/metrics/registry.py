"""The table of metrics, and what each needs on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from barestyle.errors import SpecError
from barestyle.metrics import color, feature_distance, gram_distance, patches, portilla_simoncelli, structure
from barestyle.metrics.metric import Metric
from barestyle.metrics.trained_network import TRAINED_DEPTH
from barestyle.networks import vgg19
from barestyle.networks.vgg19 import ENVIRONMENT_VARIABLE

_ALL = (
    Metric("ssim", "structural similarity of lightness", "content", "similarity", structure.ssim),
    Metric("ms-ssim", "multi-scale structural similarity of lightness", "content", "similarity", structure.ms_ssim),
    Metric("patches", "sliced Wasserstein distance of raw 7x7 patches", "style", "distance", patches.patch_wasserstein),
    Metric("colors", "sliced Wasserstein distance of colors in Lab", "style", "distance", color.lab_wasserstein),
    Metric(
        "held-out",
        "relative Gram distance under held-out random networks",
        "style",
        "distance",
        gram_distance.held_out_distance,
    ),
    Metric(
        "portilla",
        "relative distance of Portilla-Simoncelli statistics",
        "style",
        "distance",
        portilla_simoncelli.portilla_simoncelli,
        needs="plenoptic",
    ),
    Metric(
        "vgg",
        "relative Gram distance under trained VGG-19, conv1_1 to conv3_4",
        "style",
        "distance",
        gram_distance.trained_distance,
        needs="trained weights",
        favors=gram_distance.optimizes_trained_gram,
    ),
    Metric(
        "vgg-unseen",
        "the same at conv3_2 to conv3_4, which no method optimizes",
        "style",
        "distance",
        gram_distance.unseen_distance,
        needs="trained weights",
    ),
    Metric(
        "vgg-content",
        "relative distance of features under trained VGG-19, conv3_4",
        "content",
        "distance",
        feature_distance.content_distance,
        needs="trained weights",
        favors=feature_distance.optimizes_trained_content,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
"""All metrics by name."""

_REMEDIES = {
    "trained weights": f"name a file with --trained FILE or ${ENVIRONMENT_VARIABLE}",
    "plenoptic": "run pip install 'barestyle[metrics]'",
}


def select(names: Iterable[str] | None) -> list[Metric]:
    """Return metrics by name, or all of them for None. Raises SpecError for an unknown name."""
    if names is None:
        return list(METRICS.values())
    metrics = []
    for name in names:
        if name not in METRICS:
            raise SpecError(f"there is no metric {name!r}; the metrics are {', '.join(METRICS)}")
        metrics.append(METRICS[name])
    return metrics


def check_requirements(metrics: Iterable[Metric], weights: Path | None) -> None:
    """Raise SpecError if a metric needs something that is missing; arguments as for `missing_requirement`."""
    for metric in metrics:
        if missing := missing_requirement(metric, weights):
            raise SpecError(f"metric {metric.name} cannot be computed; {missing}")


def missing_requirement(metric: Metric, weights: Path | None) -> str:
    """Return what a metric needs and cannot find, with the remedy; "" if it can be computed.

    `weights` is a file of trained VGG-19, or None. Raises WeightsError if the file is not one.
    """
    missing = {
        "trained weights": metric.needs == "trained weights" and weights is None,
        "plenoptic": metric.needs == "plenoptic" and find_spec("plenoptic") is None,
    }
    if missing.get(metric.needs, False):
        return f"it needs {metric.needs}; {_REMEDIES[metric.needs]}"
    if metric.needs == "trained weights" and weights is not None:
        depth = vgg19.count_layers(weights)
        if depth < TRAINED_DEPTH:
            return (
                f"it needs {TRAINED_DEPTH} layers of trained VGG-19, but {str(weights)!r} has {depth}; run "
                f"barestyle weights fetch --layers {TRAINED_DEPTH}, or name another with --trained FILE"
            )
    return ""
