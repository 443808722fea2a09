"""Claims about variants: a statement, the variants it compares, the metrics that decide, and the margins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from barestyle.spec.validation import FrozenModel

RATIO_MARGIN = math.log(1.25)
"""Of the logarithm of a ratio of distances. Ratios from 0.8 to 1.25 can hardly be seen."""

SIMILARITY_MARGIN = 0.05
"""Of a difference of similarities, which are at most 1."""

STYLE = "style"
"""In a claim's metrics: similarity to the style, by the metrics in STYLE_METRICS."""

STYLE_METRICS = (("vgg", "held-out"), ("patches",))
"""Metrics that STYLE stands for. From each group, the first metric is used that the study has and that favors no
variant of the claim. The first group needs a network, the second does not."""

VariantNames = Annotated[tuple[str, ...], Field(min_length=1)]


class Claim(FrozenModel):
    """A statement and the comparison that tests it.

    Attributes:
        id: names the claim.
        section: of the paper, or `ours`.
        statement: the claim as a sentence.
        kind: `better`, `worse`, `no-better` or `equivalent` compares the subject with the reference; `rate` states
            how many runs with random networks explode.
        subject, reference: names of variants, whose values are averaged. variant@optimizer names the optimizer, too;
            otherwise the claim is tested with each optimizer.
        against: whether the subject is compared with the `mean` of the references or with each of them, so that it
            has to be better than the `best` one, or worse.
        slight: whether a difference within the region of equivalence supports the claim as well.
        visibility: name of a variant with a random network, if the claim is about what can be seen: the images of
            subject and reference must also differ by less, or by more, than those of this variant with two seeds.
        metrics: names of metrics, or `style`.
        between: lowest and highest rate, 0..1, for the kind `rate`.
    """

    id: str
    section: str
    statement: str
    kind: Literal["better", "worse", "no-better", "equivalent", "rate"]
    subject: VariantNames | None = None
    reference: VariantNames | None = None
    against: Literal["mean", "best"] = "mean"
    slight: bool = False
    visibility: str = ""
    metrics: tuple[str, ...] = (STYLE,)
    between: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Claim:
        if self.kind == "rate":
            if self.between is None or not 0 <= self.between[0] < self.between[1] < 1:
                raise ValueError(f"claim {self.id!r} of a rate needs between: [LOW, HIGH], with 0 <= LOW < HIGH < 1")
        elif self.subject is None or self.reference is None:
            raise ValueError(f"claim {self.id!r} needs a subject and a reference")
        elif self.against == "best" and self.kind == "equivalent":
            raise ValueError(f"claim {self.id!r} of equivalence cannot be against the best; use the mean")
        if len({"@" in name for name in self.variants}) > 1:
            raise ValueError(
                f"claim {self.id!r} names an optimizer with some of its variants; name one with all, or none"
            )
        return self

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of subject and reference, including the optimizers that they name."""
        return (*(self.subject or ()), *(self.reference or ()))

    def select_metrics(self, favored: Mapping[str, Iterable[str]]) -> list[str]:
        """Return the metrics that decide this claim.

        Args:
            favored: for each metric that is available, the variants that it favors.
        """
        variants = {variant.partition("@")[0] for variant in self.variants}
        fair = [metric for metric, names in favored.items() if variants.isdisjoint(names)]
        groups = [group for name in self.metrics for group in (STYLE_METRICS if name == STYLE else ((name,),))]
        first = (next((metric for metric in group if metric in fair), None) for group in groups)
        return [metric for metric in first if metric is not None]


def equivalence_margin(scale: str) -> float:
    """Return the largest difference that counts as none, on the scale of a metric: distance or similarity.

    Smaller differences, in either direction, are the region of practical equivalence.
    """
    return {"distance": RATIO_MARGIN, "similarity": SIMILARITY_MARGIN}[scale]


def load_claims(more: Sequence[Claim] = ()) -> tuple[Claim, ...]:
    """Return the shipped claims and then more; a claim with the id of a shipped one replaces it."""
    text = (files("barestyle.study") / "shipped" / "claims.yaml").read_text(encoding="utf-8")
    shipped = tuple(Claim.model_validate(data) for data in yaml.safe_load(text))
    by_id = {claim.id: claim for claim in (*shipped, *more)}
    return tuple(by_id.values())
