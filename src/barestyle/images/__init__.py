"""Images: from files and arrays to sRGB tensors, and back to files.

Public names are imported when they are first used, so that modules which do not need PyTorch do not import it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

_MODULES = {
    "ColorMask": "color_mask",
    "EXTENSIONS": "output",
    "LabelMaps": "label_map",
    "MaskSource": "color_mask",
    "Picture": "picture",
    "PixelArray": "samples",
    "SPLIT_EXTENSIONS": "split_write",
    "Source": "picture",
    "check_box": "crop",
    "check_distinct": "output",
    "check_format": "output",
    "check_output": "output",
    "collect_slabs": "split_write",
    "crop_file": "crop",
    "encode": "write",
    "read": "reading",
    "read_encoded": "reading",
    "read_split": "split_read",
    "resize": "resizing",
    "resize_split": "resizing",
    "resize_to_whole": "resizing",
    "save_split": "split_write",
    "shrink": "resizing",
    "split_image": "resizing",
    "target_size": "sizes",
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


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
