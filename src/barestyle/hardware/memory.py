"""The memory of this machine, and how much of it a run may use."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import psutil
import torch
from pydantic import ByteSize, TypeAdapter, ValidationError

from barestyle.errors import DeviceError

AUTO = "auto"

SHARE = 0.8
"""Share of the free memory that a run uses; the rest is left to other programs."""


def parse_memory(text: str) -> int | None:
    """Return the bytes of '4GiB', '800MB' or a number of bytes, or None for 'auto'. Raises DeviceError."""
    if text == AUTO:
        return None
    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        size = 0
    if size <= 0:
        raise DeviceError(f"memory must be a size such as 4GiB or 800MB, or auto, not {text!r}")
    return size


def compute_memory_budget(device: torch.device, requested: int | None = None, *, processes: int = 1) -> int:
    """Return the bytes that a run may use in total: `requested`, or what is in use already plus most of what is free.

    On the CPU that is the process's memory, libraries included; on a GPU, what PyTorch allocates there. On the CPU,
    `processes` that run at the same time share what is free.
    """
    if requested is not None:
        return requested
    share = SHARE / processes if device.type == "cpu" else SHARE
    return measure_used_memory(device) + int(share * measure_free_memory(device))


def measure_used_memory(device: torch.device) -> int:
    """Return the bytes of the budget that are in use now."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    if device.type == "mps":
        return int(torch.mps.current_allocated_memory())
    return int(psutil.Process().memory_info().rss)


def trim_heap() -> None:
    """Return freed memory to the system, of which glibc keeps what is between blocks in use; elsewhere do nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def measure_free_memory(device: torch.device) -> int:
    """Return the bytes that could still be used; on the CPU within the limits of the machine and of its cgroups."""
    if device.type == "cuda":
        idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + int(idle)
    if device.type == "mps":
        return max(int(torch.mps.recommended_max_memory()) - int(torch.mps.current_allocated_memory()), 0)
    machine = int(psutil.virtual_memory().available)
    container = measure_free_in_cgroups()
    return machine if container is None else min(machine, container)


def measure_free_in_cgroups(
    root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
) -> int | None:
    """Return the bytes left in the tightest cgroup (v2 or v1) around this process, or None without a limit.

    File pages that the kernel would drop count as free, as they do in a machine's available memory.

    Args:
        root: the folder that cgroups are mounted at.
        membership: the file that lists the cgroups of this process.
    """
    free = []
    for folder, limit_file, usage_file, idle_name in _list_cgroups(root, membership):
        limit, used = _read_number(folder / limit_file), _read_number(folder / usage_file)
        if limit is not None and used is not None:
            free.append(max(limit - used + _read_statistic(folder / "memory.stat", idle_name), 0))
    return min(free) if free else None


def _list_cgroups(root: Path, membership: Path) -> list[tuple[Path, str, str, str]]:
    """Return the folders of this process's memory cgroups, innermost first, each with the names of what to read there.

    The names are those of the files with the limit and the usage, and of the statistic of droppable file pages.
    """
    try:
        lines = membership.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    cgroups = []
    for line in lines:
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        inside = Path(path.lstrip("/"))
        if number == "0" and not controllers:
            top, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # In a container the path may be the host's; the limit is then in the top folder.
        cgroups += [(top / part, *names) for part in (inside, *inside.parents)]
    return cgroups


def _read_number(file: Path) -> int | None:
    """Return a file's number, or None if there is no such file, or it says that there is no limit."""
    try:
        text = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < 1 << 60 else None


def _read_statistic(file: Path, name: str) -> int:
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    values = [line.split()[1] for line in lines if line.split()[:1] == [name]]
    return int(values[0]) if values else 0
