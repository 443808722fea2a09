"""The processes that compute one picture together: sums over all of them, and rows that they send to each other."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from barestyle.errors import BarestyleError, ProcessGroupError

Value = TypeVar("Value")


@dataclass
class Traffic:
    """What a process has sent: the number of calls, and bytes; a sum counts once, though its algorithm sends more."""

    calls: int = 0
    sent_bytes: int = 0

    def count(self, tensor: Tensor) -> None:
        """Count a tensor that is sent."""
        self.calls += 1
        self.sent_bytes += tensor.numel() * tensor.element_size()


class ProcessGroup:
    """Processes of torch.distributed with their ranks, or this process alone.

    Every method has to be called by all processes in the same order. Raises ProcessGroupError if another process ended,
    or did not answer within the group's timeout.

    `local_size` is the number of processes on this machine, this one included.

    Args:
        group: a group of torch.distributed, such as `torch.distributed.group.WORLD`; None for this process alone.
    """

    def __init__(self, group: dist.ProcessGroup | None = None) -> None:
        self._group = group
        self.rank = 0 if group is None else dist.get_rank(group)
        self.size = 1 if group is None else dist.get_world_size(group)
        self.traffic = Traffic()
        if self._group is not None and not _has_cpu_backend(self._group):
            raise ProcessGroupError(
                "the group of processes cannot send tensors of the CPU; initialize torch.distributed with gloo, or "
                "with cpu:gloo,cuda:nccl"
            )
        hosts = self.gather_values(socket.gethostname()) if self.size > 1 else [""]
        self.local_size = hosts.count(hosts[self.rank])

    def close(self) -> None:
        """Leave the group of all processes; until then its threads run, which must not outlast the program."""
        self._group = None
        dist.destroy_process_group()

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum of all processes' tensors, the same bits on each; the argument may be overwritten."""
        if self.size == 1:
            return tensor
        self.traffic.count(tensor)
        with _translate_errors():
            dist.all_reduce(tensor, group=self._group)
        return tensor

    def broadcast(self, tensor: Tensor) -> Tensor:
        """Return the tensor of the first process; that of each other process is overwritten."""
        if self.size == 1:
            return tensor
        if self.rank == 0:
            self.traffic.count(tensor)
        with _translate_errors():
            dist.broadcast(tensor, group=self._group, group_src=0)
        return tensor

    def broadcast_value(self, value: Any) -> Any:
        """Return the value of the first process; any that can be pickled, and small."""
        if self.size == 1:
            return value
        values = [value]
        with _translate_errors():
            dist.broadcast_object_list(values, group=self._group, group_src=0)
        return values[0]

    def gather_values(self, value: Any) -> list[Any]:
        """Return the values of all processes, in the order of their ranks; any that can be pickled, and small."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with _translate_errors():
            dist.all_gather_object(values, value, group=self._group)
        return values

    def largest(self, value: float) -> float:
        """Return the largest of all processes' values."""
        return float(max(self.gather_values(value)))

    def exchange(self, sent: Sequence[tuple[int, Tensor]], received: Sequence[tuple[int, Tensor]]) -> None:
        """Send contiguous tensors to other ranks, and fill those of `received` with what their ranks send."""
        operations = [dist.P2POp(dist.isend, each, group=self._group, group_peer=rank) for rank, each in sent]
        operations += [dist.P2POp(dist.irecv, each, group=self._group, group_peer=rank) for rank, each in received]
        if not operations:
            return
        for _, tensor in sent:
            self.traffic.count(tensor)
        with _translate_errors():
            for request in dist.batch_isend_irecv(operations):
                request.wait()


def agree(group: ProcessGroup, work: Callable[[], Value]) -> list[Value]:
    """Return what `work` returns on every process, in the order of ranks; small values that can be pickled.

    If it raises a BarestyleError on any of them, all raise the first one, so that none waits for another.
    """
    if group.size == 1:
        return [work()]
    value: Value | None = None
    error: BarestyleError | None = None
    try:
        value = work()
    except BarestyleError as raised:
        error = raised
    outcomes: list[tuple[Value, BarestyleError | None]] = group.gather_values((value, error))
    for _, raised_there in outcomes:
        if raised_there is not None:
            raised_there.is_shared = True
            raise raised_there
    return [outcome for outcome, _ in outcomes]


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Turn the errors of torch.distributed, of many lines, into one sentence."""
    try:
        yield
    except (RuntimeError, dist.DistError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ProcessGroupError(
            f"another process of this run ended, or did not answer in time ({_shorten(error)}); see what it printed, "
            "and continue with `barestyle resume` if the run has a checkpoint"
        ) from None


def _has_cpu_backend(group: dist.ProcessGroup) -> bool:
    try:
        group._get_backend(torch.device("cpu"))  # there is no other way to ask
    except RuntimeError:
        return False
    return True


def _shorten(error: Exception) -> str:
    """Return the first sentence of an error, without the place in PyTorch's source code that it begins with."""
    first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return first_line.split("] ", 1)[-1].split(". ", 1)[0]


ALONE = ProcessGroup()
"""The group of this process alone."""
