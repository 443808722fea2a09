"""Memory: sizes as people write them, the budget, and the limits of cgroups of both versions."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import torch

from barestyle.errors import DeviceError
from barestyle.hardware import memory

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("text", "count"),
    [("4GiB", 4 * 2**30), ("800MB", 800_000_000), ("1.5 GiB", 3 * 2**29), ("4096", 4096), ("auto", None)],
)
def test_sizes_are_parsed(text: str, count: int | None) -> None:
    assert memory.parse_memory(text) == count


@pytest.mark.parametrize("text", ["", "much", "-1GiB", "0", "4 bananas"])
def test_anything_but_a_size_is_refused(text: str) -> None:
    with pytest.raises(DeviceError, match="memory must be a size such as 4GiB or 800MB, or auto, not"):
        memory.parse_memory(text)


def test_the_budget_is_what_was_requested_or_most_of_what_is_free() -> None:
    assert memory.compute_memory_budget(CPU, 12345) == 12345
    assert memory.measure_used_memory(CPU) < memory.compute_memory_budget(CPU) < psutil.virtual_memory().total


def write_cgroup(folder: Path, files: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n")
    return folder


def test_the_tightest_of_nested_cgroups_counts(tmp_path: Path) -> None:
    """Version 2: every folder up to the top may have a limit, and droppable file pages are free."""
    root = tmp_path / "cgroup"
    write_cgroup(root / "a", {"memory.max": 1000, "memory.current": 700, "memory.stat": "anon 100\ninactive_file 50"})
    write_cgroup(root / "a/b", {"memory.max": "max", "memory.current": 300})
    membership = tmp_path / "membership"
    membership.write_text("0::/a/b\n")
    assert memory.measure_free_in_cgroups(root, membership) == 350
    write_cgroup(root / "a/b", {"memory.max": 400})
    assert memory.measure_free_in_cgroups(root, membership) == 100
    write_cgroup(root / "a/b", {"memory.current": 500})
    assert memory.measure_free_in_cgroups(root, membership) == 0


def test_cgroups_of_version_1_in_a_container(tmp_path: Path) -> None:
    """In a container the path is the host's, and the limit is in the top folder."""
    root = tmp_path / "cgroup"
    write_cgroup(root / "memory", {"memory.limit_in_bytes": 1000, "memory.usage_in_bytes": 400})
    membership = tmp_path / "membership"
    membership.write_text("5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n")
    assert memory.measure_free_in_cgroups(root, membership) == 600
    write_cgroup(root / "memory", {"memory.limit_in_bytes": 2**63 - 4096})  # how version 1 says "no limit"
    assert memory.measure_free_in_cgroups(root, membership) is None


def test_without_cgroups_there_is_no_limit(tmp_path: Path) -> None:
    assert memory.measure_free_in_cgroups(tmp_path, tmp_path / "absent") is None
