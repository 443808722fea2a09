"""Claims as data: what is said, of which arms, by which metrics, and how large a difference counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from barestyle.spec.validation import Frozen

RATIO_MARGIN = math.log(1.25)
"""Of the logarithm of a ratio of distances: a quarter more or less. Smaller ones can hardly be seen side by side."""

SSIM_MARGIN = 0.05
"""Of a difference of structural similarity."""

STYLE = "style"
"""In a claim's metrics: how near to the style, by the judges below."""

STYLE_JUDGES = (("vgg", "held-out"), ("patches",))
"""What STYLE stands for: of each group the first metric that a study has and that grades no arm of the
claim by its own objective. The first group are judges with a network, the second those without."""

Arm = Annotated[tuple[str, ...], Field(min_length=1)]


class Claim(Frozen):
    """A sentence, and the comparison that speaks on it.

    `kind` says what is claimed of the subject: that it is `better`, `worse`, `no-better` or `equivalent`, or of all
    searches that a `rate` of them explodes. A variant may name its optimizer (variant@optimizer); otherwise the
    claim is tested under each. A claim of a `slight` difference is supported by one that is too small to be seen,
    too; any other is not.
    """

    id: str
    section: str
    says: str
    kind: Literal["better", "worse", "no-better", "equivalent", "rate"]
    subject: Arm | None = None
    reference: Arm | None = None
    against: Literal["mean", "best"] = "mean"
    slight: bool = False
    metrics: tuple[str, ...] = (STYLE,)
    between: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Claim:
        if self.kind == "rate":
            if self.between is None:
                raise ValueError(f"claim {self.id!r} of a rate needs between: [LOW, HIGH]")
        elif self.subject is None or self.reference is None:
            raise ValueError(f"claim {self.id!r} needs a subject and a reference")
        return self

    @property
    def variants(self) -> tuple[str, ...]:
        """Every variant that it speaks of, with the optimizers that it names."""
        return (*(self.subject or ()), *(self.reference or ()))

    def judges(self, present: Mapping[str, Iterable[str]]) -> list[str]:
        """The metrics that decide, of those that a study has; each comes with the variants that it favors."""
        arms = {variant.partition("@")[0] for variant in self.variants}
        fair = [metric for metric, favored in present.items() if arms.isdisjoint(favored)]
        wanted = [group for name in self.metrics for group in (STYLE_JUDGES if name == STYLE else ((name,),))]
        found = (next((metric for metric in group if metric in fair), None) for group in wanted)
        return [metric for metric in found if metric is not None]


def margin(metric: str) -> float:
    """How large a difference of a metric counts as one."""
    return SSIM_MARGIN if metric.endswith("ssim") else RATIO_MARGIN


def claims(own: Sequence[Claim] = ()) -> tuple[Claim, ...]:
    """The paper's claims and ours on it, then a study's own; one of these replaces a shipped one of the same id."""
    text = (files("barestyle.study") / "shipped" / "claims.yaml").read_text(encoding="utf-8")
    shipped = tuple(Claim.model_validate(one) for one in yaml.safe_load(text))
    by_id = {claim.id: claim for claim in (*shipped, *own)}
    return tuple(by_id.values())
