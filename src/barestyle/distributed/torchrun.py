"""Join the processes that `torchrun` started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from barestyle.distributed.process_group import ALONE, ProcessGroup
from barestyle.errors import ProcessGroupError

TIMEOUT = timedelta(minutes=5)
"""Time without an answer after which another process counts as lost. A process may wait while others plan or write."""

TIMEOUT_VARIABLE = "BARESTYLE_TIMEOUT"
"""Environment variable with another timeout in seconds."""


def is_started_by_torchrun() -> bool:
    """Return whether `torchrun` started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ and "WORLD_SIZE" in os.environ


def is_restarted() -> bool:
    """Return whether `torchrun` started this process again; on several machines it may say so to some of them only."""
    return is_started_by_torchrun() and os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


@contextmanager
def join_torchrun() -> Iterator[ProcessGroup]:
    """Return a context with the group of the processes that `torchrun` started; without it, of this process alone.

    CPUs communicate through gloo, GPUs through NCCL, each process with the GPU of its local rank. Raises
    ProcessGroupError if they do not find each other.
    """
    if not is_started_by_torchrun():
        yield ALONE
        return
    backend = "gloo"
    if torch.cuda.is_available():
        local_rank = int(os.environ["LOCAL_RANK"])
        if local_rank < torch.cuda.device_count():  # otherwise prepare() refuses GPUs
            torch.cuda.set_device(local_rank)
        backend = "cpu:gloo,cuda:nccl"
    try:
        timeout = _read_timeout()
        store, rank, size = next(iter(rendezvous("env://", timeout=timeout)))
        # With a fixed address torchrun keeps its store when it starts processes again, and in it are the addresses of
        # those that ended. The store counts, because on several machines torchrun's own counts can differ.
        attempt = PrefixStore(f"attempt {store.add(f'starts of process {rank}', 1)}", store)
        dist.init_process_group(backend, store=attempt, rank=rank, world_size=size, timeout=timeout)
        group = ProcessGroup(dist.group.WORLD)
    except (RuntimeError, dist.DistError) as error:
        raise ProcessGroupError(
            f"the processes that torchrun started did not find each other ({str(error).splitlines()[0][:200]}); check "
            "the address and the port of torchrun, and GLOO_SOCKET_IFNAME if machines have several networks"
        ) from None
    try:
        yield group
    finally:
        group.close()


def _read_timeout() -> timedelta:
    text = os.environ.get(TIMEOUT_VARIABLE)
    if text is None:
        return TIMEOUT
    if not text.isdigit() or not int(text):
        raise ProcessGroupError(
            f"{TIMEOUT_VARIABLE} cannot be {text!r}; it must be a whole number of seconds, such as 60"
        )
    return timedelta(seconds=int(text))
