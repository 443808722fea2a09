"""A trained style: a network with the names of its styles, and the file that it is saved in.

A `.style` file is a safetensors file: the weights in half precision, and as metadata its kind, its format, the size of
the network, the names of the styles, and a record of the training. It contains no code.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save as serialize
from torch import Tensor

from barestyle.atomic_files import write_atomically
from barestyle.errors import SpecError, StyleFileError
from barestyle.feed_forward.network import NetworkShape, StyleNetwork
from barestyle.spec.start import STYLE_EXTENSION

KIND = "barestyle-style"

FORMAT = "3"
"""Increased when older versions could not read the file."""

EXTENSION = STYLE_EXTENSION

MAX_WORK = 400_000
"""Multiplications for each pixel, twenty times those of the usual network: a file decides how long painting takes."""

MAX_STYLES = 64

MAX_NAME = 100
"""Characters of a style's name."""


@dataclass(frozen=True)
class TrainedStyle:
    """A network that paints photographs in one or several styles.

    Attributes:
        network: in float32, on the CPU, in evaluation mode.
        names: of the styles, in the order of the network's.
        record: how it was trained, as JSON values; may be empty.
    """

    network: StyleNetwork
    names: tuple[str, ...]
    record: dict[str, Any] = field(default_factory=dict)

    def mix(self, weights: dict[str, float] | None = None, strength: float = 1.0) -> Tensor:
        """Return the weights of the photograph and of each style, (1, styles + 1), which add to 1.

        Args:
            weights: of styles by name, >= 0, relative to each other; by default all of the first style.
            strength: 0 for the photograph, 1 for the style.

        Raises:
            SpecError: there is no style of a name, or a number is out of range.
        """
        if not 0 <= strength <= 1:
            raise SpecError(f"strength cannot be {strength}; it must be from 0 to 1")
        weights = {self.names[0]: 1.0} if weights is None else weights
        for name, weight in weights.items():
            if name not in self.names:
                raise SpecError(f"this file has no style {name!r}; it has {', '.join(self.names)}")
            if not 0 <= weight < float("inf"):
                raise SpecError(f"the weight of {name!r} cannot be {weight}; it must be 0 or more")
        total = sum(weights.values())
        if total <= 0:
            raise SpecError("all weights of styles are 0; give at least one style a weight above 0")
        shares = [strength * weights.get(name, 0.0) / total for name in self.names]
        return torch.tensor([[1 - strength, *shares]])

    def save(self, path: Path) -> None:
        """Write the style to a file, completely or not at all. Raises OutputError."""
        tensors = {name: value.detach().cpu().half().contiguous() for name, value in self.network.state_dict().items()}
        shape = asdict(self.network.shape)
        metadata = {
            "kind": KIND,
            "format": FORMAT,
            "shape": json.dumps(shape),
            "names": json.dumps(self.names),
            "record": json.dumps(self.record),
        }
        write_atomically(path, serialize(tensors, metadata))  # safetensors' own errors do not say what failed


def load_style(path: str | Path) -> TrainedStyle:
    """Read a style that `barestyle train` has written.

    Raises:
        StyleFileError: there is no such file, it is not a .style file, is damaged, or was written by a newer version.
    """
    path = Path(path)
    metadata, tensors = _read(path)
    if metadata.get("kind") != KIND:
        raise StyleFileError(
            f"{str(path)!r} is a safetensors file, but not a trained style; make one with `barestyle train`"
        )
    if metadata.get("format") != FORMAT:
        raise StyleFileError(
            f"{str(path)!r} has format {metadata.get('format')!r}, and this version of barestyle reads {FORMAT!r}; "
            "install the version that wrote it, or train the style again"
        )
    try:
        shape, names, record = _parse(metadata)
        network = StyleNetwork(shape)
        network.load_state_dict({name: value.float() for name, value in tensors.items()})
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError):
        raise _damage_error(path) from None
    if not all(bool(value.isfinite().all()) for value in network.state_dict().values()):
        raise _damage_error(path)
    network.eval().requires_grad_(False)
    return TrainedStyle(network.to(memory_format=torch.channels_last), names, record)  # type: ignore[call-overload]


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise StyleFileError(
            f"there is no file {str(path)!r}; give a {EXTENSION} file that `barestyle train` has written"
        )
    try:
        with safetensors.safe_open(path, "pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise StyleFileError(f"cannot read {str(path)!r} ({error.strerror or error})") from None
    except safetensors.SafetensorError:
        raise StyleFileError(
            f"{str(path)!r} is not a trained style, or is damaged; give a {EXTENSION} file from `barestyle train`"
        ) from None


def _parse(metadata: dict[str, str]) -> tuple[NetworkShape, tuple[str, ...], dict[str, Any]]:
    """Return shape, names and record. Raise KeyError, TypeError, ValueError or OverflowError if not valid."""
    data = json.loads(metadata["shape"])
    full, half, quarter, eighth = (int(width) for width in data["widths"])
    before, middle, after = (int(count) for count in data["blocks"])
    shape = NetworkShape((full, half, quarter, eighth), (before, middle, after), int(data["styles"]))
    names, record = json.loads(metadata["names"]), json.loads(metadata["record"])
    if min(shape.widths) < 1 or min(shape.blocks) < 0 or shape.work > MAX_WORK:
        raise ValueError("size of the network out of range")
    if not isinstance(names, list) or not 1 <= shape.styles == len(names) <= MAX_STYLES or len({*names}) < len(names):
        raise ValueError("no name for each style")
    if not all(isinstance(name, str) and name.isprintable() and 0 < len(name) <= MAX_NAME for name in names):
        raise ValueError("names that cannot be shown")
    if not isinstance(record, dict):
        raise TypeError("a record of another type")
    return shape, tuple(names), record


def _damage_error(path: Path) -> StyleFileError:
    return StyleFileError(f"{str(path)!r} is damaged; train the style again, or get the file again")
