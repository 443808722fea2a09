"""One picture on several processes: how its rows are split, and what the processes exchange."""

from barestyle.distributed.halo_exchange import HaloExchange, Span
from barestyle.distributed.process_group import ALONE, ProcessGroup, agree
from barestyle.distributed.resample import gather_whole, resample, resize_rows
from barestyle.distributed.row_shard import RowShard
from barestyle.distributed.torchrun import is_restarted, is_started_by_torchrun, join_torchrun

__all__ = [
    "ALONE",
    "HaloExchange",
    "ProcessGroup",
    "RowShard",
    "Span",
    "agree",
    "gather_whole",
    "is_restarted",
    "is_started_by_torchrun",
    "join_torchrun",
    "resample",
    "resize_rows",
]
