"""Images: from files and arrays to sRGB tensors, and back to files."""

from barestyle.images.output import EXTENSIONS, check_distinct, check_format, check_output
from barestyle.images.picture import Picture, PixelArray, Source
from barestyle.images.read import read
from barestyle.images.resize import resize, resize_to_whole, shrink, target_size
from barestyle.images.write import encode

__all__ = [
    "EXTENSIONS",
    "Picture",
    "PixelArray",
    "Source",
    "check_distinct",
    "check_format",
    "check_output",
    "encode",
    "read",
    "resize",
    "resize_to_whole",
    "shrink",
    "target_size",
]
