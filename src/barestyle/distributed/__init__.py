"""One picture on several processes: how its rows are split, and what the processes exchange."""

from barestyle.distributed.halo_exchange import HaloExchange, Span
from barestyle.distributed.process_group import ALONE, ProcessGroup
from barestyle.distributed.resample import gather_whole, resize_rows
from barestyle.distributed.row_shard import RowShard

__all__ = ["ALONE", "HaloExchange", "ProcessGroup", "RowShard", "Span", "gather_whole", "resize_rows"]
