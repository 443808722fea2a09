"""The checkpoint of a training: its request and its state, in one file from which it continues.

It is a safetensors file without code. The inputs are read again; if one of them has changed, the checkpoint is refused.
"""

from __future__ import annotations

import json
from pathlib import Path

import safetensors
from safetensors.torch import save_file
from torch import Tensor

from barestyle.atomic_files import AtomicFile
from barestyle.errors import StyleFileError
from barestyle.feed_forward.training_request import PreparedTraining, TrainingRequest, prepare_training
from barestyle.optimize.state_tree import attach_tensors, detach_tensors

KIND = "barestyle-training"

FORMAT = "3"
"""Increased when the state changes so that older versions cannot continue from it."""


def path_for(output: Path) -> Path:
    """Return the path of a style's checkpoint: sunrise.style.checkpoint for sunrise.style."""
    return output.with_name(output.name + ".checkpoint")


def save(path: Path, request: TrainingRequest, prepared: PreparedTraining) -> None:
    """Write a checkpoint completely or not at all; until then an earlier one stays. Raises OutputError."""
    tensors: dict[str, Tensor] = {}
    tree = detach_tensors(prepared.training.state(), tensors)
    metadata = {
        "kind": KIND,
        "format": FORMAT,
        "request": json.dumps(request.to_data()),
        "record": json.dumps(prepared.record),
        "tree": json.dumps(tree),
    }
    with AtomicFile(path) as temporary:
        try:
            save_file(tensors, temporary, metadata)
        except safetensors.SafetensorError as error:  # raised when the disk is full
            raise OSError(str(error)) from None


def resume(path: Path) -> tuple[TrainingRequest, PreparedTraining]:
    """Read a checkpoint and its inputs, and return the training as it was.

    Raises:
        StyleFileError: there is no checkpoint, it cannot be read, or its inputs have changed.
        ImageError, DeviceError: an input is missing, or the device.
    """
    metadata, tensors = _read(path)
    request = TrainingRequest.from_data(json.loads(metadata["request"]))
    prepared = prepare_training(request, expected=json.loads(metadata["record"]))
    prepared.training.load_state(attach_tensors(json.loads(metadata["tree"]), tensors.__getitem__))
    return request, prepared


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise StyleFileError(f"there is no checkpoint {str(path)!r}; the training is finished, or was never started")
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is not a dictionary
    except (OSError, safetensors.SafetensorError) as error:
        raise StyleFileError(
            f"the checkpoint {str(path)!r} cannot be read ({error}); train again with --force"
        ) from None
    if metadata.get("kind") != KIND or metadata.get("format") != FORMAT:
        raise StyleFileError(
            f"{str(path)!r} is not a checkpoint of `barestyle train`, or one of another version; train again with "
            "--force"
        )
    return metadata, tensors
