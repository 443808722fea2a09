"""Claims: the shipped ones fit the shipped study, and the metrics that decide favor no variant of a claim."""

from __future__ import annotations

import math
from typing import Any

import pytest

from barestyle.errors import SpecError
from barestyle.study.claims import RATIO_MARGIN, Claim, load_claims
from barestyle.study.yaml_loader import load
from tests.study.tables import METRICS


def test_every_shipped_claim_names_variants_and_metrics_that_exist() -> None:
    paper = load("paper")
    assert len(load_claims()) >= 16
    assert len({claim.id for claim in load_claims()}) == len(load_claims())
    for claim in load_claims():
        for variant in claim.variants:
            name, _, optimizer = variant.partition("@")
            assert paper.find_variant(name) is not None, variant
            assert optimizer in {"", *(known.name for known in paper.optimizers)}
        assert not claim.visibility or paper.find_variant(claim.visibility) is not None
        assert claim.kind == "rate" or claim.select_metrics(dict.fromkeys(METRICS, ()))


def test_no_variant_is_judged_by_a_metric_that_favors_it() -> None:
    claim = next(claim for claim in load_claims() if claim.id == "bias-zero")
    assert claim.select_metrics({"vgg": ["original"], "held-out": [], "patches": []}) == ["vgg", "patches"]
    assert claim.select_metrics({"vgg": ["bias-zero"], "held-out": [], "patches": []}) == ["held-out", "patches"]
    assert claim.select_metrics({"vgg": ["bias-zero"], "patches": []}) == ["patches"]


def test_a_claim_replaces_the_shipped_one_of_the_same_id() -> None:
    replacing = Claim(
        id="diminishing", section="", statement="", kind="worse", subject=("npnd-4",), reference=("npnd",)
    )
    added = replacing.model_copy(update={"id": "added"})
    claims = load_claims([replacing, added])
    assert [claim.id for claim in claims] == [*(claim.id for claim in load_claims()), "added"]
    assert {claim.id: claim for claim in claims}["diminishing"] == replacing


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "rate"}, "claim 'x' of a rate needs between: [LOW, HIGH], with 0 <= LOW < HIGH < 1"),
        ({"kind": "better", "subject": ("npnd",)}, "claim 'x' needs a subject and a reference"),
        (
            {"kind": "equivalent", "subject": ("npnd",), "reference": ("bare",), "against": "best"},
            "claim 'x' of equivalence cannot be against the best; use the mean",
        ),
    ],
)
def test_a_claim_needs_the_fields_of_its_kind(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as refusal:
        Claim(id="x", section="", statement="", **fields)
    assert str(refusal.value) == words


def test_the_margin_of_distances_is_a_ratio() -> None:
    assert math.exp(RATIO_MARGIN) == pytest.approx(1.25)
