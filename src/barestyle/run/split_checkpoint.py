"""The checkpoint of a picture on several processes: a file of each, and a list of them.

`out.tif.checkpoint` is the list, JSON. Each process writes its state beside it under a new name, and only then is the
list replaced and are the files of the earlier one deleted. So there is always a complete checkpoint, of one moment.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from barestyle.atomic_files import write_atomically
from barestyle.distributed import ProcessGroup, agree
from barestyle.errors import OutputError, RecordError
from barestyle.networks import Size
from barestyle.optimize import State
from barestyle.optimize.lbfgs_memory import join_blocks, split_into_blocks
from barestyle.run import checkpoint as checkpoints
from barestyle.run.checkpoint import Checkpoint
from barestyle.run.scaled_inputs import find_rows

KIND = "barestyle-checkpoint-list"

IMAGE_KEYS = frozenset({"image", "exp_avg", "exp_avg_sq"})
"""Names of a state's tensors that are rows of images, (1, 3, h, W)."""

FLAT_KEY = "gradient"
"""Name of the tensors that are flattened rows of images."""

BLOCKS_KEY = "vectors"
"""Name of the vectors of L-BFGS, each flattened rows of an image, in blocks."""


def save(path: Path, checkpoint: Checkpoint, group: ProcessGroup) -> None:
    """Write a checkpoint completely or not at all; with several processes, all have to call this. Raises OutputError.

    Until it is complete an earlier one stays.
    """
    if group.size == 1:
        checkpoints.save(path, checkpoint)
        _delete_parts(path, keep=())
        return
    name = agree(group, lambda: f"{path.name}.{secrets.token_hex(4)}")[0]
    own = path.with_name(f"{name}-{group.rank}")

    def save_own() -> str:
        try:
            checkpoints.save(own, checkpoint)
        except OutputError:
            own.unlink(missing_ok=True)
            raise
        return own.name

    try:
        names = agree(group, save_own)
        agree(group, lambda: _replace_list(path, names) if group.rank == 0 else None)
    except OutputError:
        own.unlink(missing_ok=True)
        raise


def _replace_list(path: Path, names: Sequence[str]) -> None:
    """Write the list, and delete the files of earlier ones, also of those that were never complete."""
    write_atomically(path, json.dumps({"kind": KIND, "format": checkpoints.FORMAT, "parts": list(names)}).encode())
    _delete_parts(path, keep=names)


def _delete_parts(path: Path, keep: Sequence[str]) -> None:
    pattern = re.compile(re.escape(path.name) + r"\.[0-9a-f]{8}-\d+")
    for part in path.parent.iterdir():
        if pattern.fullmatch(part.name) and part.name not in keep:
            part.unlink(missing_ok=True)


def find_parts(path: Path) -> list[Path]:
    """Return the files of a checkpoint by rank: itself, or those of its list; none if there is no checkpoint.

    Raises RecordError if the list is damaged.
    """
    try:
        with path.open("rb") as file:
            if file.read(1) != b"{":
                return [path]
        values = json.loads(path.read_bytes())
        if values["kind"] != KIND or values["format"] != checkpoints.FORMAT:
            raise ValueError("it is of another kind or format")
        return [path.with_name(Path(name).name) for name in values["parts"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"the checkpoint {str(path)!r} cannot be read ({error}); start the run again") from None


def delete(path: Path) -> None:
    """Delete a checkpoint with all of its files."""
    path.unlink(missing_ok=True)
    _delete_parts(path, keep=())


def agree_on_checkpoint(path: Path, group: ProcessGroup) -> Checkpoint:
    """Return what `load` returns; if it fails on any process, raise its error on all of them."""
    loaded: list[Checkpoint] = []
    agree(group, lambda: loaded.append(load(path, group)))
    return loaded[0]


def load(path: Path, group: ProcessGroup) -> Checkpoint:
    """Read a checkpoint, written by any number of processes, as this process continues it.

    With another number of processes, the result is the same to rounding. Raises RecordError as `checkpoint.load` does.
    """
    parts = find_parts(path) or [path]
    if len(parts) == group.size:
        return checkpoints.load(parts[group.rank])
    first = checkpoints.load(parts[0])
    attempt = first.state["attempt"]
    size, ends = Size(*attempt["stage"]["size"]), attempt["ends"]
    rows = find_rows(size, first.record.height, group)
    top, bottom = (0, size.height) if rows is None else (rows.top, rows.bottom)
    pieces: list[State] = []
    for rank, part in enumerate(parts if ends else parts[:1]):
        start, end = ends[rank : rank + 2] if ends else (0, size.height)
        if max(start, top) < min(end, bottom):
            state = first.state if rank == 0 else checkpoints.load(part).state
            span = max(start, top) - start, min(end, bottom) - start
            pieces.append(_map_rows(state, end - start, size.width, span))
    state = _join(pieces, size.width)
    state["attempt"]["ends"] = None if rows is None else list(rows.ends)
    state["attempt"]["is_replanned"] = True
    return Checkpoint(first.record, first.every, state)


def _map_rows(value: Any, height: int, width: int, span: tuple[int, int], key: str = "") -> Any:
    """Return a state of `height` rows with images of some of them, (1, c, h, W), in place of all pixels' tensors."""
    if isinstance(value, dict):
        return {name: _map_rows(item, height, width, span, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_map_rows(item, height, width, span) for item in value]
    if not isinstance(value, Tensor) or key not in (*IMAGE_KEYS, FLAT_KEY, BLOCKS_KEY):
        return value
    image = value
    if key == FLAT_KEY:
        image = value.view(1, 3, height, width)
    elif key == BLOCKS_KEY:
        image = join_blocks(value, 3 * height * width).reshape(1, -1, height, width)
    return image[:, :, span[0] : span[1]].clone()


def _join(pieces: Sequence[Any], width: int, key: str = "") -> Any:
    """Return a state from those of `_map_rows`, with rows one below the other, as tensors of the state's shapes."""
    first = pieces[0]
    if isinstance(first, dict):
        return {name: _join([piece[name] for piece in pieces], width, name) for name in first}
    if isinstance(first, list) and first and isinstance(first[0], dict | list):
        return [_join([piece[i] for piece in pieces], width) for i in range(len(first))]
    if not isinstance(first, Tensor) or key not in (*IMAGE_KEYS, FLAT_KEY, BLOCKS_KEY):
        return first
    image = torch.cat(list(pieces), dim=2)
    if key == FLAT_KEY:
        return image.flatten()
    if key == BLOCKS_KEY:
        vectors = image.reshape(image.shape[1] // 3, -1)
        return torch.stack([split_into_blocks(vector) for vector in vectors], dim=1)
    return image.contiguous()
