"""How good is a result? Never by a method's own objective: nothing here imports losses."""

from barestyle.metrics.metric import Judged, Metric
from barestyle.metrics.score import METRICS, Score, chosen, score

__all__ = ["METRICS", "Judged", "Metric", "Score", "chosen", "score"]
