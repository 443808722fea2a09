"""Pictures with known relations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor

from barestyle.metrics import MetricInputs

Judge = Callable[..., MetricInputs]


@pytest.fixture
def judge(content: Tensor, style: Tensor) -> Judge:
    """Judged of given pictures, the rest being the fixtures'."""

    def made(result: Tensor, *, of: Tensor | None = None, against: Tensor | None = None) -> MetricInputs:
        return MetricInputs(result, content if of is None else of, style if against is None else against)

    return made
