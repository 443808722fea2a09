"""The score of a result: which metrics, which pictures, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from torch import Tensor

from barestyle import preset
from barestyle.errors import ImageError, SpecError
from barestyle.metrics import METRICS, MetricInputs, chosen, score
from barestyle.metrics.gram_distance import relative_distances, trained, trained_unseen
from barestyle.networks import build
from barestyle.networks import vgg19 as pretrained
from barestyle.spec import with_settings
from barestyle.spec.network import VGG19_CHANNELS


def test_a_result_that_is_the_content(content_image: Image.Image, style_image: Image.Image) -> None:
    found = score(content_image, content_image, style_image)
    assert found.values["ssim"] == pytest.approx(1, abs=1e-6)
    assert set(found.values) | set(found.left_out) == set(METRICS)
    assert "name a file with --trained FILE or $BARESTYLE_VGG19" in found.left_out["vgg"]


def test_pictures_of_other_sizes_are_brought_to_the_results(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    larger = content_image.resize((128, 96), Image.Resampling.NEAREST), style_image.resize((112, 128))
    found = score(content_image, *larger, metrics=["ssim", "patches"])
    assert found.values["ssim"] > 0.95
    assert list(found.values) == ["ssim", "patches"]


def test_refusals(content_image: Image.Image) -> None:
    with pytest.raises(SpecError, match="there is no metric 'sim'; the metrics are ssim, "):
        chosen(["sim"])
    with pytest.raises(ImageError, match="metrics need at least 16 a side"):
        score(content_image.resize((15, 15)), content_image, content_image)


def test_the_trained_judge_is_the_network_itself(real_weights: Path, content: Tensor, style: Tensor) -> None:
    judged = MetricInputs(content, content, style, real_weights)
    spec = with_settings(
        preset("paper").spec,
        {
            "network.channels": list(VGG19_CHANNELS[:8]),
            "network.weights": "pretrained",
            "network.bias": "pretrained",
        },
    )
    network = build(spec.network, seed=0, deepest_tap=8, trained=pretrained.load(real_weights, 8))
    distances = relative_distances(network, judged)
    assert trained(judged) == pytest.approx(sum(distances.values()) / 8, rel=1e-6)
    assert trained_unseen(judged) == pytest.approx(sum(distances[tap] for tap in (6, 7, 8)) / 3, rel=1e-6)
    assert trained(MetricInputs(style, content, style, real_weights)) == 0


def test_which_metrics_favor_which_runs() -> None:
    favored = {
        name: [metric for metric in METRICS if METRICS[metric].favors(preset(name).spec)]
        for name in ("paper-original", "paper", "bare")
    }
    assert favored == {"paper-original": ["vgg"], "paper": [], "bare": []}
