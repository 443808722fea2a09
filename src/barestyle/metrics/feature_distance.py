"""Distance of the features of result and content under trained VGG-19: what is where, position by position."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.trained_network import TRAINED_DEPTH, load_trained_network, uses_trained_network
from barestyle.spec import FeatureContentLoss, Spec

CONTENT_LAYER = TRAINED_DEPTH
"""conv3_4. Gatys et al. 2016 (doi:10.1109/CVPR.2016.265) compare conv4_2, which is deeper than the weights fetched."""

NEAREST_LAYERS = (5, 6, 7, 8)
"""conv3_1 to conv3_4: layers of the same resolution, whose features are nearly the metric's."""


def content_distance(inputs: MetricInputs) -> float:
    """Return ‖F - F_content‖² / ‖F_content‖² of conv3_4's features after ReLU, over all positions and channels.

    0 for the content itself and 1 without any features. Not bounded: texture in flat parts of the content adds
    features, so values of different contents are not comparable.
    """
    network = load_trained_network(inputs.weights)
    with torch.no_grad():
        result, content = (F.relu(network(image)[CONTENT_LAYER]).double() for image in (inputs.result, inputs.content))
    return float((result - content).square().sum() / content.square().sum())


def optimizes_trained_content(spec: Spec) -> bool:
    """Return whether the content loss of a run compares features of the trained network at NEAREST_LAYERS."""
    loss = spec.content_loss
    return uses_trained_network(spec) and isinstance(loss, FeatureContentLoss) and loss.layer in NEAREST_LAYERS
