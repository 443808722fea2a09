"""Pictures: from files and arrays to sRGB tensors, and back to files."""

from barestyle.images.picture import Picture, Source
from barestyle.images.read import read
from barestyle.images.resize import resized, target_size
from barestyle.images.write import EXTENSIONS, check_output, encode, write_atomically

__all__ = [
    "EXTENSIONS",
    "Picture",
    "Source",
    "check_output",
    "encode",
    "read",
    "resized",
    "target_size",
    "write_atomically",
]
