"""How good is a result? Never by a method's own objective: nothing here imports losses."""

from barestyle.metrics.metric import Metric, MetricInputs
from barestyle.metrics.score import METRICS, Score, chosen, score

__all__ = ["METRICS", "Metric", "MetricInputs", "Score", "chosen", "score"]
