"""Real processes of torch.distributed with gloo over loopback, for tests."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn

from barestyle.distributed import ProcessGroup

TIMEOUT = timedelta(seconds=120)


def run_processes(work: Callable[..., Any], size: int, *arguments: Any, timeout: timedelta = TIMEOUT) -> list[Any]:
    """Call `work(group, *arguments)` in `size` processes; return what each returned. `work` is defined in a module."""
    results = get_context("spawn").Manager().dict()
    # They find each other by a file: a port could be taken before they open it.
    with tempfile.TemporaryDirectory() as folder:
        spawn(_run, (size, folder, timeout, results, work, arguments), nprocs=size)  # type: ignore[no-untyped-call]
    return [results[rank] for rank in range(size)]


def _run(
    rank: int,
    size: int,
    folder: str,
    timeout: timedelta,
    results: Any,
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=size, timeout=timeout)
    try:
        results[rank] = work(ProcessGroup(dist.group.WORLD), *arguments)
    finally:
        dist.destroy_process_group()


def find_free_port() -> int:
    """Return a port of loopback that nobody uses at the moment."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
