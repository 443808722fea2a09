"""Images: from files and arrays to sRGB tensors, and back to files.

Public names are imported when they are first used, so that modules which do not need PyTorch do not import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from barestyle.images.color_mask import ColorMask, MaskSource
    from barestyle.images.crop import check_box, crop_file
    from barestyle.images.label_map import LabelMaps
    from barestyle.images.output import EXTENSIONS, check_distinct, check_format, check_output
    from barestyle.images.picture import Picture, Source
    from barestyle.images.reading import read, read_encoded
    from barestyle.images.resizing import resize, resize_split, resize_to_whole, shrink, split_image
    from barestyle.images.samples import PixelArray
    from barestyle.images.sizes import target_size
    from barestyle.images.split_read import read_split
    from barestyle.images.split_write import SPLIT_EXTENSIONS, collect_slabs, save_split
    from barestyle.images.write import encode

_NAMES = {
    "color_mask": ["ColorMask", "MaskSource"],
    "crop": ["check_box", "crop_file"],
    "label_map": ["LabelMaps"],
    "output": ["EXTENSIONS", "check_distinct", "check_format", "check_output"],
    "picture": ["Picture", "Source"],
    "reading": ["read", "read_encoded"],
    "resizing": ["resize", "resize_split", "resize_to_whole", "shrink", "split_image"],
    "samples": ["PixelArray"],
    "sizes": ["target_size"],
    "split_read": ["read_split"],
    "split_write": ["SPLIT_EXTENSIONS", "collect_slabs", "save_split"],
    "write": ["encode"],
}

__all__ = [
    "EXTENSIONS",
    "SPLIT_EXTENSIONS",
    "ColorMask",
    "LabelMaps",
    "MaskSource",
    "Picture",
    "PixelArray",
    "Source",
    "check_box",
    "check_distinct",
    "check_format",
    "check_output",
    "collect_slabs",
    "crop_file",
    "encode",
    "read",
    "read_encoded",
    "read_split",
    "resize",
    "resize_split",
    "resize_to_whole",
    "save_split",
    "shrink",
    "split_image",
    "target_size",
]

__getattr__, __dir__, _ = lazy_loader.attach(__name__, submod_attrs=_NAMES)
