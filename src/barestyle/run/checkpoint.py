"""Checkpoints: a run's state in one file, from which it goes on as if it had never stopped.

A safetensors file: tensors by number, and in its metadata the run's record so far and the tree that they hang on.
Nothing in it is code, so that a checkpoint from elsewhere can do no harm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor

from barestyle.atomic_files import AtomicFile
from barestyle.errors import RecordError
from barestyle.optimize import State
from barestyle.run.record import Record, package_versions, parse

FORMAT = "1"
"""Raised when a state changes so that older programs could not go on from it."""

SAME_VERSIONS = ("barestyle", "torch")
"""With others a run would go on, but not to the same picture."""

TENSOR = "tensor"
"""The only key of what stands in the tree for a tensor; no state has a dictionary of that key alone."""


@dataclass(frozen=True)
class Checkpoint:
    """A run so far: its record, the losses and the time until then in it, and the state of its search.

    `every` is how often the run was kept, in iterations.
    """

    record: Record
    every: int
    state: State


def path_for(output: Path) -> Path:
    """Where the checkpoint of an output lies: out.png.checkpoint beside out.png."""
    return output.with_name(output.name + ".checkpoint")


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all; an earlier one stays until then. Raises OutputError."""
    tensors: dict[str, Tensor] = {}
    tree = _without_tensors(checkpoint.state, tensors)
    metadata = {
        "format": FORMAT,
        "record": checkpoint.record.seen_from(path.parent.resolve()).to_json(),
        "every": str(checkpoint.every),
        "tree": json.dumps(tree),
    }
    metadata["sha256"] = _digest(metadata, tensors)
    with AtomicFile(path) as temporary:
        try:
            save_file(tensors, temporary, metadata)
        except safetensors.SafetensorError as error:  # what it raises when the disk is full
            raise OSError(str(error)) from None


def load(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises RecordError for what is none, or is of another version of barestyle or PyTorch."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if not {"format", "record", "every", "tree", "sha256"} <= set(metadata):
                raise RecordError(f"{str(path)!r} is no checkpoint of barestyle; name one that --checkpoint wrote")
            if metadata["format"] != FORMAT:
                raise RecordError(
                    f"{str(path)!r} is a checkpoint of format {metadata['format']}, not {FORMAT}; go on with the "
                    "version of barestyle that wrote it, or begin anew"
                )
            record = parse(metadata["record"], path)
            _check_versions(record, path)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dictionary
            if _digest(metadata, tensors) != metadata["sha256"]:
                raise RecordError(f"the checkpoint {str(path)!r} was damaged since it was written; begin anew")
            state = _with_tensors(json.loads(metadata["tree"]), tensors.__getitem__)
    except FileNotFoundError:
        raise RecordError(
            f"there is no checkpoint {str(path)!r}; runs with --checkpoint leave one until they end"
        ) from None
    except (OSError, safetensors.SafetensorError, ValueError) as error:
        raise RecordError(f"the checkpoint {str(path)!r} cannot be read ({error}); begin anew") from None
    return Checkpoint(record, int(metadata["every"]), state)


def _digest(metadata: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """SHA-256 of everything that is in a checkpoint."""
    found = hashlib.sha256()
    for name in ("format", "record", "every", "tree"):
        found.update(metadata[name].encode())
    for number in range(len(tensors)):
        found.update(tensors[str(number)].reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _check_versions(record: Record, path: Path) -> None:
    now = package_versions()
    for name in SAME_VERSIONS:
        if record.versions.get(name) != now[name]:
            raise RecordError(
                f"{str(path)!r} was written with {name} {record.versions.get(name)}, and here is {now[name]}, which "
                "would end elsewhere; install that version, or begin anew"
            )


def _without_tensors(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The tree of JSON's values in which a number stands for each tensor, which is added to `tensors`."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        found = value.detach().cpu().contiguous()
        # The file takes no two tensors of one storage; others need no copy, which would take as much again.
        places = {one.untyped_storage().data_ptr() for one in tensors.values()}
        tensors[name] = found.clone() if found.untyped_storage().data_ptr() in places else found
        return {TENSOR: name}
    if isinstance(value, dict):
        return {key: _without_tensors(one, tensors) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_tensors(one, tensors) for one in value]
    return value


def _with_tensors(tree: Any, tensor: Callable[[str], Tensor]) -> Any:
    if isinstance(tree, dict):
        if set(tree) == {TENSOR}:
            # A copy, as the file's numbers lie at any address, and products of unaligned vectors round otherwise.
            return torch.clone(tensor(tree[TENSOR]))
        return {key: _with_tensors(one, tensor) for key, one in tree.items()}
    if isinstance(tree, list):
        return [_with_tensors(one, tensor) for one in tree]
    return tree
