"""Where the arithmetic happens."""

from __future__ import annotations

import torch

from barestyle.errors import DeviceError

CHOICES = ("auto", "cpu", "cuda", "mps")


def available() -> list[str]:
    """The devices of this machine, fastest first; the CPU is always there."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def pick(name: str) -> torch.device:
    """The device of that name, 'auto' being the fastest there is. Raises DeviceError."""
    present = available()
    if name == "auto":
        return torch.device(present[0])
    if name.split(":")[0] not in CHOICES:
        raise DeviceError(f"there is no device {name!r}; use one of {', '.join(CHOICES)}")
    if name.split(":")[0] not in present:
        raise DeviceError(f"this machine has no {name}; it has {', '.join(present)}, which --device auto would choose")
    return torch.device(name)
