"""The state of an iteration as JSON values and tensors apart, as a checkpoint stores it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

TENSOR = "tensor"
"""The only key of a dictionary that refers to a tensor; no state has a dictionary with this key alone."""


def detach_tensors(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Return a state as JSON values, with a reference for each tensor, which is added to `tensors`."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensor = value.detach().cpu().contiguous()
        # The file cannot have two tensors of one storage; others need no copy, which would double the memory.
        storages = {other.untyped_storage().data_ptr() for other in tensors.values()}
        tensors[name] = tensor.clone() if tensor.untyped_storage().data_ptr() in storages else tensor
        return {TENSOR: name}
    if isinstance(value, dict):
        return {key: detach_tensors(item, tensors) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [detach_tensors(item, tensors) for item in value]
    return value


def attach_tensors(tree: Any, load_tensor: Callable[[str], Tensor]) -> Any:
    """Return a state from JSON values, with each reference replaced by its tensor."""
    if isinstance(tree, dict):
        if set(tree) == {TENSOR}:
            # A copy, because tensors in the file are not aligned, and products of unaligned vectors round differently.
            return torch.clone(load_tensor(tree[TENSOR]))
        return {key: attach_tensors(item, load_tensor) for key, item in tree.items()}
    if isinstance(tree, list):
        return [attach_tensors(item, load_tensor) for item in tree]
    return tree
