"""Images: from files and arrays to sRGB tensors, and back to files."""

from barestyle.images.color_mask import ColorMask, MaskSource
from barestyle.images.crop import check_box, crop_file
from barestyle.images.label_map import LabelMaps
from barestyle.images.output import EXTENSIONS, check_distinct, check_format, check_output
from barestyle.images.picture import Picture, PixelArray, Source
from barestyle.images.read import read, read_encoded
from barestyle.images.resize import resize, resize_split, resize_to_whole, shrink, split_image, target_size
from barestyle.images.split_read import read_split
from barestyle.images.split_write import SPLIT_EXTENSIONS, collect_slabs, save_split
from barestyle.images.write import encode

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
