"""Inputs of metrics made from few images."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor

from barestyle.metrics import MetricInputs

MakeInputs = Callable[..., MetricInputs]


@pytest.fixture
def make_inputs(content: Tensor, style: Tensor) -> MakeInputs:
    """Return a function that builds MetricInputs from a result; content and style default to the fixtures."""

    def make(result: Tensor, *, content_image: Tensor = content, style_image: Tensor = style) -> MetricInputs:
        return MetricInputs(result, content_image, style_image)

    return make
