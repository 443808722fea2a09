"""Repeatable kernels are asked for inside the block only, and on CUDA only."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from barestyle.hardware.kernels import use_repeatable_kernels


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_the_settings_are_restored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    debugging: Any = torch.utils.deterministic

    def compute() -> None:
        with use_repeatable_kernels(torch.device(name), allow_tf32=False):
            assert torch.are_deterministic_algorithms_enabled() == (name == "cuda")
            assert debugging.fill_uninitialized_memory == (name == "cpu")
            assert torch.backends.cudnn.deterministic
            assert not torch.backends.cudnn.allow_tf32
            raise ValueError("stop")

    before = torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32
    with pytest.raises(ValueError, match="stop"):
        compute()
    assert not torch.are_deterministic_algorithms_enabled()
    assert debugging.fill_uninitialized_memory
    assert (torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32) == before
