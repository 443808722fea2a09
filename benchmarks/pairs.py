"""Pairs of photographs and styles: those that are installed, and those of a shared folder of test pictures.

The shared folder is not part of the repository. It has `images/` with two photographs and two paintings, and
`data/photographs.zip` with photographs of the Berkeley Segmentation Data Set (Arbeláez et al. 2011,
doi:10.1109/TPAMI.2010.161) and maps of the boundaries that people marked in them. Pictures made from them must not be
published with the repository.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from barestyle import samples

Subject = Literal["portrait", "building", "other"]


class Pair(NamedTuple):
    """Names of a photograph and a style, and what the photograph shows."""

    content: str
    style: str
    subject: Subject = "other"

    @property
    def name(self) -> str:
        """The pair's name in tables and files."""
        return f"{self.content} in {self.style}"


PAIRS = (
    Pair("302003", "starry_night", "portrait"),
    Pair("118035", "mosaic", "building"),
    Pair("astronaut", "impasto", "portrait"),
    Pair("253027", "the_scream"),
    Pair("260081", "hatching", "portrait"),
    Pair("tubingen", "swirls", "building"),
    Pair("302008", "the_scream", "portrait"),
    Pair("coffee", "hatching"),
    Pair("67079", "impasto", "building"),
    Pair("189080", "starry_night", "portrait"),
    Pair("chelsea", "mosaic"),
    Pair("198023", "swirls", "portrait"),
    Pair("86000", "starry_night", "building"),
    Pair("108073", "the_scream"),
    Pair("198004", "mosaic", "portrait"),
    Pair("rocket", "swirls"),
    Pair("189003", "impasto", "portrait"),
    Pair("golden_gate", "the_scream", "building"),
    Pair("35010", "hatching"),
    Pair("285036", "starry_night", "portrait"),
    Pair("78019", "swirls", "building"),
    Pair("247085", "impasto"),
    Pair("157055", "the_scream", "portrait"),
    Pair("24004", "starry_night", "building"),
    Pair("astronaut", "hatching", "portrait"),
    Pair("145014", "mosaic"),
    Pair("301007", "the_scream", "building"),
    Pair("chelsea", "swirls"),
    Pair("220075", "starry_night"),
    Pair("coffee", "impasto"),
    Pair("223061", "hatching", "building"),
    Pair("rocket", "mosaic"),
)
"""Ordered so that the first pairs, too, have every style and subject. Eight have installed pictures only."""

SECOND_PAIRS = (
    Pair("365025", "starry_night", "portrait"),
    Pair("239096", "the_scream", "portrait"),
    Pair("102061", "starry_night", "building"),
    Pair("198054", "mosaic", "portrait"),
    Pair("37073", "starry_night"),
    Pair("189011", "impasto", "portrait"),
    Pair("368078", "the_scream", "building"),
    Pair("187083", "hatching", "portrait"),
    Pair("118020", "swirls"),
    Pair("376001", "starry_night", "portrait"),
    Pair("126007", "swirls", "building"),
    Pair("246053", "swirls", "portrait"),
    Pair("66075", "the_scream"),
    Pair("71046", "impasto", "building"),
    Pair("65019", "the_scream", "portrait"),
    Pair("42044", "mosaic"),
    Pair("181018", "starry_night", "portrait"),
    Pair("24063", "mosaic", "building"),
    Pair("323016", "mosaic", "portrait"),
    Pair("21077", "impasto"),
    Pair("122048", "impasto", "portrait"),
    Pair("97017", "starry_night", "building"),
    Pair("56028", "hatching"),
    Pair("59078", "hatching", "building"),
)
"""Other photographs, all of the shared folder. No setting had been chosen on them when a jury judged them first, on
2026-11-28; decision 0026 was made on four of them."""

SHARED_FILES = {
    "tubingen": "tubingen.jpg",
    "golden_gate": "golden_gate.jpg",
    "starry_night": "starry_night_google.jpg",
    "the_scream": "the_scream.jpg",
}
"""Pictures in the folder `images` of the shared folder, by name."""

ARCHIVE = Path("data", "photographs.zip")
WEIGHTS = Path("weights", "vgg19-oxford-conv1_1-conv3_4.safetensors")


def find_shared_folder() -> Path:
    """Return the default shared folder: $BARESTYLE_SHARED, or `shared` beside the checkout. It may not exist."""
    return Path(os.environ.get("BARESTYLE_SHARED") or Path(__file__).parents[2] / "shared")


@dataclass(frozen=True)
class PictureSource:
    """Pictures by name: installed samples, and those of a shared folder.

    Attributes:
        shared: the shared folder, or None. A folder that does not exist has no pictures.
    """

    shared: Path | None = None

    def has(self, name: str) -> bool:
        """Return whether a picture can be read."""
        if name in samples.PHOTOS or name in samples.STYLES:
            return True
        if self.shared is None:
            return False
        if name in SHARED_FILES:
            return (self.shared / "images" / SHARED_FILES[name]).is_file()
        return self._has_member(f"photographs/{name}.jpg")

    def read(self, name: str) -> Image.Image:
        """Return a picture as RGB. Raises KeyError if `has` is false."""
        if not self.has(name):
            raise KeyError(f"there is no picture {name!r}; give the shared folder that has it")
        if name in samples.PHOTOS:
            return Image.open(samples.photo(name)).convert("RGB")
        if name in samples.STYLES:
            return Image.open(samples.style(name)).convert("RGB")
        assert self.shared is not None
        if name in SHARED_FILES:
            return Image.open(self.shared / "images" / SHARED_FILES[name]).convert("RGB")
        return self._read_member(f"photographs/{name}.jpg").convert("RGB")

    def read_boundaries(self, name: str) -> Tensor | None:
        """Return the share of annotators who marked each pixel of a photograph, (H, W) in 0..1; None without a map."""
        member = f"boundaries/{name}.png"
        if not self._has_member(member):
            return None
        return torch.from_numpy(np.array(self._read_member(member).convert("L"), dtype=np.float32) / 255)

    def select(self, pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
        """Return the pairs whose pictures can be read, and the others."""
        available: list[Pair] = []
        missing: list[Pair] = []
        for pair in pairs:
            (available if self.has(pair.content) and self.has(pair.style) else missing).append(pair)
        return available, missing

    def _has_member(self, member: str) -> bool:
        if self.shared is None or not (self.shared / ARCHIVE).is_file():
            return False
        with zipfile.ZipFile(self.shared / ARCHIVE) as archive:
            return member in archive.NameToInfo

    def _read_member(self, member: str) -> Image.Image:
        assert self.shared is not None
        with zipfile.ZipFile(self.shared / ARCHIVE) as archive:
            return Image.open(io.BytesIO(archive.read(member)))
