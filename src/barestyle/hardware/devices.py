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
    """The device of that name, 'auto' being the fastest there is, 'cuda:1' the second GPU. Raises DeviceError."""
    present = available()
    name = str(name)  # a torch.device says its name
    if name == "auto":
        return torch.device(present[0])
    kind, colon, index = name.partition(":")
    if kind not in CHOICES or (colon and not (kind == "cuda" and index.isdecimal())):
        raise DeviceError(f"there is no device {name!r}; use one of {', '.join(CHOICES)}, or cuda:1 for a second GPU")
    if kind not in present:
        raise DeviceError(f"this machine has no {name}; it has {', '.join(present)}, so use --device {present[0]}")
    if index and int(index) >= torch.cuda.device_count():
        raise DeviceError(f"this machine has no {name}; its GPUs are cuda:0 to cuda:{torch.cuda.device_count() - 1}")
    return torch.device(name)


def is_made_for_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is quicker there than float32: AVX-512 BF16 or AMX on the CPU, tensor cores from Ampere on.

    Elsewhere it is emulated, and slower. On Apple's GPUs it was never measured.
    """
    if device.type == "cuda":
        return bool(torch.cuda.get_device_capability(device) >= (8, 0))
    if device.type != "cpu":
        return False
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # not there before torch 2.10
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
