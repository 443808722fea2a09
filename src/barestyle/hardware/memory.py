"""How much memory there is, and how much a run may use."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch
from pydantic import ByteSize, TypeAdapter, ValidationError

from barestyle.errors import DeviceError

AUTO = "auto"

SHARE = 0.8
"""Of the memory that is free: the rest is for whatever else the machine does."""


def parse(text: str) -> int | None:
    """'4GiB', '800MB' or a number of bytes -> bytes; 'auto' -> None. Raises DeviceError."""
    if text == AUTO:
        return None
    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        size = 0
    if size <= 0:
        raise DeviceError(f"memory cannot be {text!r}; it takes a size like 4GiB or 800MB, or auto")
    return size


def budget(device: torch.device, asked: int | None = None) -> int:
    """Bytes that a run may use in all: what was asked for, or what is in use already and most of what is free.

    On the CPU that is the process's memory, libraries included; on a GPU, what PyTorch allocates there.
    """
    return in_use(device) + int(SHARE * free(device)) if asked is None else asked


def in_use(device: torch.device) -> int:
    """Bytes of `budget` that are in use now."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    if device.type == "mps":
        return int(torch.mps.current_allocated_memory())
    return int(psutil.Process().memory_info().rss)


def free(device: torch.device) -> int:
    """Bytes that could still be used: on the CPU what the machine, or the cgroup that the process is in, has left."""
    if device.type == "cuda":
        idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + int(idle)
    if device.type == "mps":
        return max(int(torch.mps.recommended_max_memory()) - int(torch.mps.current_allocated_memory()), 0)
    machine = int(psutil.virtual_memory().available)
    container = left_in_cgroup()
    return machine if container is None else min(machine, container)


def left_in_cgroup(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int | None:
    """Bytes that the tightest cgroup (v2 or v1) around this process has left; None where none has a limit.

    File pages that the kernel would drop count as free, as they do in a machine's available memory.
    """
    found = []
    for folder, limit, usage, idle in _cgroups(root, own):
        most, used = _number(folder / limit), _number(folder / usage)
        if most is not None and used is not None:
            found.append(max(most - used + _statistic(folder / "memory.stat", idle), 0))
    return min(found) if found else None


def _cgroups(root: Path, own: Path) -> list[tuple[Path, str, str, str]]:
    """Folders of this process's memory cgroups, innermost first, and the names of what is read there."""
    try:
        lines = own.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    found = []
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
        found += [(top / part, *names) for part in (inside, *inside.parents)]
    return found


def _number(file: Path) -> int | None:
    """A file's number; None where there is no such file, or no limit."""
    try:
        text = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < 1 << 60 else None


def _statistic(file: Path, name: str) -> int:
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    values = [line.split()[1] for line in lines if line.split()[:1] == [name]]
    return int(values[0]) if values else 0
