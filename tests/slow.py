"""Parameters of which only some are quick tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def slow_except(quick: Sequence[Any], values: Iterable[Any]) -> list[Any]:
    """Return `values` for `pytest.mark.parametrize`; those not in `quick` run in `make slow` only."""
    values = list(values)
    missing = [value for value in quick if value not in values]
    assert not missing, f"{missing} are not among the values"
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]
