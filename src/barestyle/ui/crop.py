"""The part of a picture that is used in its place."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from barestyle.images import check_box
from barestyle.spec.validation import Count, FrozenModel

MAX_STEM_BYTES = 200
"""Bytes of the original's name that go into the name of a crop: file systems limit names to 255."""

Position = Annotated[int, Field(ge=0)]


class Crop(FrozenModel):
    """How a picture is made from another one.

    Attributes:
        source: id of the original.
        turns: quarter turns clockwise, which come before the box.
        left, top, width, height: the box, in pixels of the turned original.
    """

    source: str
    turns: Annotated[int, Field(ge=0, le=3)] = 0
    left: Position
    top: Position
    width: Count
    height: Count

    def check_inside(self, width: int, height: int) -> None:
        """Raise ImageError if the box is not inside an original of this size."""
        turned = (height, width) if self.turns % 2 else (width, height)
        check_box(self.left, self.top, self.width, self.height, *turned)

    def is_whole(self, width: int, height: int) -> bool:
        """Return whether it changes nothing in an original of this size."""
        return (self.turns, self.left, self.top, self.width, self.height) == (0, 0, 0, width, height)

    def make_name(self, original: str) -> str:
        """Return the file name of the crop of a file."""
        stem = PurePath(original).stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore")
        return f"{stem}-cropped.png"
