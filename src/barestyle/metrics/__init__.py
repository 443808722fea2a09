"""Metrics: how good a result is. Independent of the methods: nothing here imports losses or optimizers."""

from barestyle.metrics.metric import Metric, MetricInputs
from barestyle.metrics.registry import METRICS, check_requirements, missing_requirement, select
from barestyle.metrics.score import Score, compute, score

__all__ = [
    "METRICS",
    "Metric",
    "MetricInputs",
    "Score",
    "check_requirements",
    "compute",
    "missing_requirement",
    "score",
    "select",
]
