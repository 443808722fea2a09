"""The devices that tensors can be computed on."""

from __future__ import annotations

import torch

from barestyle.errors import DeviceError

CHOICES = ("auto", "cpu", "cuda", "mps")


def list_devices() -> list[str]:
    """Return the kinds of devices of this machine, fastest first; the CPU is always among them."""
    devices = []
    if torch.cuda.is_available():
        devices.append("cuda")
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [*devices, "cpu"]


def select_device(name: str) -> torch.device:
    """Return the device of a name: 'auto' is the machine's fastest, 'cuda:1' its second GPU. Raises DeviceError."""
    devices = list_devices()
    name = str(name)  # a torch.device becomes its name
    if name == "auto":
        return torch.device(devices[0])
    kind, colon, index = name.partition(":")
    if kind not in CHOICES or (colon and not (kind == "cuda" and index.isdecimal())):
        raise DeviceError(f"there is no device {name!r}; use one of {', '.join(CHOICES)}, or cuda:1 for a second GPU")
    if kind not in devices:
        raise DeviceError(f"this machine has no {name}; it has {', '.join(devices)}, so use --device {devices[0]}")
    if index and int(index) >= torch.cuda.device_count():
        raise DeviceError(f"this machine has no {name}; its GPUs are cuda:0 to cuda:{torch.cuda.device_count() - 1}")
    return torch.device(name)


def has_fast_bf16(device: torch.device) -> bool:
    """Return whether bfloat16 is faster than float32: AVX-512 BF16 or AMX on a CPU, tensor cores from Ampere on a GPU.

    On other devices it is emulated, and slower. On Apple's GPUs it was never measured, so False.
    """
    if device.type == "cuda":
        return bool(torch.cuda.get_device_capability(device) >= (8, 0))
    if device.type != "cpu":
        return False
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # missing before torch 2.10
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
