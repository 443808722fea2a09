"""Kernels of a GPU that give the same sums in every run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

CUBLAS_WORKSPACE = ":4096:8"
"""Buffers with which cuBLAS repeats its results: eight of 4 MiB, one of the two values that PyTorch names."""


@contextmanager
def use_repeatable_kernels(device: torch.device, *, allow_tf32: bool) -> Iterator[None]:
    """Compute with kernels that repeat their results bit for bit inside the `with` block, and as before after it."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=allow_tf32):
        if device.type != "cuda":  # where the settings below, which import half of PyTorch, change nothing
            yield
            return
        with _use_deterministic_algorithms():
            yield


@contextmanager
def _use_deterministic_algorithms() -> Iterator[None]:
    """Avoid kernels that add in the order in which threads end; on an H200 the others take a tenth longer.

    New tensors are not filled, which PyTorch does by default then to reveal reads of memory that was never written: a
    quarter of the kernels of an evaluation would do nothing else.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    debugging: Any = torch.utils.deterministic  # a module with a property, which its type does not have
    filled = debugging.fill_uninitialized_memory
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", CUBLAS_WORKSPACE)  # read when cuBLAS is first used
    torch.use_deterministic_algorithms(True, warn_only=True)
    debugging.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        debugging.fill_uninitialized_memory = filled
