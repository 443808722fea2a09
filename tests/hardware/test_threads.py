"""The number of threads is restored, after errors too."""

from __future__ import annotations

import pytest
import torch

from barestyle.hardware.threads import use_threads


def stop_with_threads(count: int) -> None:
    with use_threads(count):
        assert torch.get_num_threads() == count
        raise ValueError("stop")


def test_the_number_of_threads_is_restored() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="stop"):
        stop_with_threads(before + 1)
    assert torch.get_num_threads() == before
    with use_threads(None):
        assert torch.get_num_threads() == before
