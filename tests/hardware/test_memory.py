"""How much memory there is: cgroups of both kinds, and what people write."""

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
def test_sizes_are_read(text: str, count: int | None) -> None:
    assert memory.parse(text) == count


@pytest.mark.parametrize("text", ["", "much", "-1GiB", "0", "4 bananas"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(DeviceError, match="it takes a size like 4GiB or 800MB, or auto"):
        memory.parse(text)


def test_what_was_asked_for_is_the_budget_and_auto_is_less_than_the_machine_has() -> None:
    assert memory.budget(CPU, 12345) == 12345
    assert memory.in_use(CPU) < memory.budget(CPU) < psutil.virtual_memory().total


def group(folder: Path, files: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n")
    return folder


def test_the_tightest_of_nested_groups_counts(tmp_path: Path) -> None:
    """Version 2: limits stand in every folder up to the top, and file pages can be dropped."""
    root = tmp_path / "cgroup"
    group(root / "a", {"memory.max": 1000, "memory.current": 700, "memory.stat": "anon 100\ninactive_file 50"})
    group(root / "a/b", {"memory.max": "max", "memory.current": 300})
    own = tmp_path / "own"
    own.write_text("0::/a/b\n")
    assert memory.left_in_cgroup(root, own) == 350
    group(root / "a/b", {"memory.max": 400})
    assert memory.left_in_cgroup(root, own) == 100
    group(root / "a/b", {"memory.current": 500})
    assert memory.left_in_cgroup(root, own) == 0


def test_groups_of_version_1_and_of_a_container(tmp_path: Path) -> None:
    """In a container the path is the host's, and the limit lies at the top."""
    root = tmp_path / "cgroup"
    group(root / "memory", {"memory.limit_in_bytes": 1000, "memory.usage_in_bytes": 400})
    own = tmp_path / "own"
    own.write_text("5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n")
    assert memory.left_in_cgroup(root, own) == 600
    group(root / "memory", {"memory.limit_in_bytes": 2**63 - 4096})  # how version 1 says "no limit"
    assert memory.left_in_cgroup(root, own) is None


def test_without_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert memory.left_in_cgroup(tmp_path, tmp_path / "absent") is None
