"""Checkpoints: the state of a run in one file, from which it continues as if it had never stopped.

A checkpoint is a safetensors file. Its tensors are named 0, 1, 2, ...; its metadata has the `kind`
`barestyle-checkpoint`, the `format`, the run's record so far, and the state as JSON with a reference for each tensor.
It contains no code, so loading a checkpoint from somebody else is safe.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor

from barestyle.atomic_files import AtomicFile
from barestyle.errors import RecordError, SpecError
from barestyle.optimize import State
from barestyle.optimize.state_tree import attach_tensors, detach_tensors
from barestyle.run.record import Record, package_versions, parse

KIND = "barestyle-checkpoint"

FORMAT = "1"
"""Increased when the state changes so that older versions cannot continue from it."""

FIELDS = ("kind", "format", "record", "every", "tree")
"""The metadata of a checkpoint besides its hash, in the order in which they are hashed."""

SAME_VERSIONS = ("barestyle", "torch")
"""Packages that must have the same version; with another one a run would end with another picture."""


@dataclass(frozen=True)
class CheckpointConfig:
    """Path of a run's checkpoint, and the number of iterations between two updates."""

    path: Path
    every: int

    def __post_init__(self) -> None:
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            raise SpecError(f"checkpoint_every cannot be {self.every!r}; it must be a whole number of at least 1")


@dataclass(frozen=True)
class Checkpoint:
    """A run so far: its record, with the losses and the time until now, and the state of its attempts.

    `every` is the number of iterations between two updates.
    """

    record: Record
    every: int
    state: State


def path_for(output: Path) -> Path:
    """Return the path of an output's checkpoint: out.png.checkpoint for out.png."""
    return output.with_name(output.name + ".checkpoint")


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint completely or not at all; until then an earlier one stays. Raises OutputError."""
    tensors: dict[str, Tensor] = {}
    tree = detach_tensors(checkpoint.state, tensors)
    metadata = {
        "kind": KIND,
        "format": FORMAT,
        "record": checkpoint.record.relative_to(path.parent.resolve()).to_json(),
        "every": str(checkpoint.every),
        "tree": json.dumps(tree),
    }
    metadata["sha256"] = _hash_contents(metadata, tensors)
    with AtomicFile(path) as temporary:
        try:
            save_file(tensors, temporary, metadata)
        except safetensors.SafetensorError as error:  # raised when the disk is full
            raise OSError(str(error)) from None


def load(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises RecordError if it is damaged, or of another version of barestyle or PyTorch."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            _check_format(metadata, path)
            record = parse(metadata["record"], path)
            _check_versions(record, path)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is not a dictionary
            if _hash_contents(metadata, tensors) != metadata["sha256"]:
                raise RecordError(f"the checkpoint {str(path)!r} was damaged after it was written; start the run again")
            state = attach_tensors(json.loads(metadata["tree"]), tensors.__getitem__)
    except FileNotFoundError:
        raise RecordError(
            f"there is no checkpoint {str(path)!r}; a run with --checkpoint keeps one until it ends"
        ) from None
    except (OSError, safetensors.SafetensorError, ValueError) as error:
        raise RecordError(f"the checkpoint {str(path)!r} cannot be read ({error}); start the run again") from None
    return Checkpoint(record, int(metadata["every"]), state)


def _check_format(metadata: dict[str, str], path: Path) -> None:
    """Raise RecordError unless the metadata is that of a checkpoint of this format."""
    missing = {*FIELDS, "sha256"} - set(metadata)
    if missing == {"kind"}:
        raise RecordError(
            f"{str(path)!r} is a checkpoint from before the first release of barestyle, which can no longer be "
            "resumed; start the run again"
        )
    if missing or metadata["kind"] != KIND:
        raise RecordError(f"{str(path)!r} is not a barestyle checkpoint; name a file that --checkpoint wrote")
    if metadata["format"] != FORMAT:
        raise RecordError(
            f"{str(path)!r} is a checkpoint of format {metadata['format']}, not {FORMAT}; resume it with the version "
            "of barestyle that wrote it, or start the run again"
        )


def _check_versions(record: Record, path: Path) -> None:
    """Raise RecordError if the run was made with other versions that would change the picture."""
    present = package_versions()
    for name in SAME_VERSIONS:
        if record.versions.get(name) != present[name]:
            raise RecordError(
                f"{str(path)!r} was written with {name} {record.versions.get(name)}, but {present[name]} is installed "
                "and would give a different image; install the former, or start the run again"
            )


def _hash_contents(metadata: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """Return the SHA-256 of everything in a checkpoint."""
    contents = hashlib.sha256()
    for name in FIELDS:
        contents.update(metadata[name].encode())
    for number in range(len(tensors)):
        contents.update(tensors[str(number)].reshape(-1).view(torch.uint8).numpy().data)
    return contents.hexdigest()
