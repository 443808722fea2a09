"""The table of metrics: names, scales, requirements, and which runs a metric favors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from barestyle import preset
from barestyle.errors import SpecError
from barestyle.metrics import METRICS, check_requirements, missing_requirement, select
from barestyle.metrics import registry as registry
from barestyle.spec import with_settings


def test_metrics_are_selected_by_name_in_the_given_order() -> None:
    assert [metric.name for metric in select(["patches", "ssim"])] == ["patches", "ssim"]
    assert [metric.name for metric in select(None)] == list(METRICS)
    assert select([]) == []
    with pytest.raises(SpecError, match="there is no metric 'sim'; the metrics are ssim, "):
        select(["sim"])


def test_similarities_are_better_when_higher() -> None:
    for metric in METRICS.values():
        assert metric.better == ("higher" if metric.scale == "similarity" else "lower")
    assert {name for name, metric in METRICS.items() if metric.scale == "similarity"} == {"ssim", "ms-ssim"}
    references = {name for name, metric in METRICS.items() if metric.reference == "content"}
    assert references == {"ssim", "ms-ssim", "vgg-content"}


def test_a_metric_without_weights_is_an_error_with_the_remedy() -> None:
    message = r"metric vgg cannot be computed; it needs trained weights; name a file with --trained FILE or \$BARESTYLE"
    with pytest.raises(SpecError, match=message):
        check_requirements(select(["ssim", "vgg"]), None)
    check_requirements(select(["ssim", "patches", "held-out"]), None)


def test_weights_with_too_few_layers_are_an_error_with_the_remedy(synthetic_weights: Path) -> None:
    missing = missing_requirement(METRICS["vgg"], synthetic_weights)
    assert missing.startswith("it needs 8 layers of trained VGG-19, but ")
    assert "has 5; run barestyle weights fetch --layers 8" in missing


def test_a_missing_package_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    assert missing_requirement(METRICS["portilla"], None) == "it needs plenoptic; run pip install 'barestyle[metrics]'"
    assert missing_requirement(replace(METRICS["portilla"], needs=""), None) == ""


def test_which_metrics_favor_which_runs() -> None:
    favored = {
        name: [metric for metric in METRICS if METRICS[metric].favors(preset(name).spec)]
        for name in ("paper-original", "paper", "bare")
    }
    assert favored == {"paper-original": ["vgg"], "paper": [], "bare": []}
    content = {"content_loss": "features", "content_loss.layer": 5}
    trained = with_settings(preset("paper-original").spec, content)
    assert [metric for metric in METRICS if METRICS[metric].favors(trained)] == ["vgg", "vgg-content"]
    assert not any(METRICS[metric].favors(with_settings(preset("paper").spec, content)) for metric in METRICS)
