"""How the rows of an image are split among processes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from barestyle.distributed.process_group import ALONE, ProcessGroup


@dataclass(frozen=True)
class RowShard:
    """The rows of an image that a process has, and those that the others have.

    Attributes:
        group: the processes.
        ends: rows between which the parts of ranks 0, 1, ... are: the first is 0, and the last the image's height.
    """

    group: ProcessGroup
    ends: tuple[int, ...]

    @classmethod
    def split(cls, height: int, group: ProcessGroup = ALONE, *, alignment: int = 1) -> RowShard:
        """Return parts of about equal height that end at multiples of `alignment`; the last one takes the rest."""
        units = height // alignment
        inner = (units * rank // group.size * alignment for rank in range(1, group.size))
        return cls(group, (0, *inner, height))

    @property
    def height(self) -> int:
        """Rows of the whole image."""
        return self.ends[-1]

    @property
    def top(self) -> int:
        """The first row of this process."""
        return self.ends[self.group.rank]

    @property
    def bottom(self) -> int:
        """The row after the last one of this process."""
        return self.ends[self.group.rank + 1]

    @property
    def is_split(self) -> bool:
        """Whether other processes have rows, too."""
        return self.group.size > 1

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum of all processes' tensors; the argument may be overwritten."""
        return self.group.sum(tensor)

    def crop(self, rows: Tensor) -> Tensor:
        """Return the rows of this process from a whole image (1, c, H, W), a view."""
        return rows[:, :, self.top : self.bottom] if self.is_split else rows
