"""The files of a jury, and the pictures in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from barestyle import transfer
from barestyle.atomic_files import AtomicFile, write_atomically
from benchmarks.jury.arms import Arm
from benchmarks.jury.programs import Program
from benchmarks.pairs import Pair, PictureSource

SEED = 0
"""Seed of the random networks."""


@dataclass(frozen=True)
class JuryFolder:
    """Paths of a jury's files below a folder, and the digests of the arms that painted its pictures."""

    path: Path

    @property
    def sheets(self) -> Path:
        """The folder of the sheets."""
        return self.path / "sheets"

    @property
    def index(self) -> Path:
        """The number and pair of each sheet, and the hash of the key."""
        return self.sheets / "index.json"

    @property
    def key(self) -> Path:
        """Which arm is A and which is B, in base64."""
        return self.path / "key.sealed"

    @property
    def votes(self) -> Path:
        """One vote in each line."""
        return self.path / "votes.txt"

    @property
    def result(self) -> Path:
        """The counts, written when the key is opened."""
        return self.path / "result.json"

    def picture(self, arm: str, pair: Pair) -> Path:
        """Return the path of a picture."""
        return self.path / "pictures" / _file_name(arm) / f"{_file_name(pair.name)}.png"

    def read_cells(self) -> dict[str, Any]:
        """Return what is known of the pictures, by their path below the folder."""
        return read_json(self._cells) if self._cells.is_file() else {}

    def is_current(self, name: str, pair: Pair, arm: Arm) -> bool:
        """Return whether the arm of this name has painted the pair, with the settings or the command of `arm`."""
        file = self.picture(name, pair)
        cell = self.read_cells().get(self._name(file), {})
        return file.is_file() and (cell.get("arm"), cell.get("seed")) == (arm.digest, SEED)

    def paint(self, name: str, pair: Pair, arm: Arm, source: PictureSource, device: str) -> float:
        """Paint a picture, write it with its cell, and return the seconds that it took. Raises JuryError."""
        images = source.read(pair.content), source.read(pair.style)
        details: dict[str, Any] = {}
        if isinstance(arm, Program):
            image, seconds = arm.paint(*images, pair.style)
        else:
            result = transfer(*images, arm, seed=SEED, precision="float32", device=device)
            image, seconds = result.to_pil(), result.seconds
            details = {"evaluations": result.evaluations, "stop_reason": str(result.stop_reason)}
        file = self.picture(name, pair)
        file.parent.mkdir(parents=True, exist_ok=True)
        with AtomicFile(file) as temporary:
            image.save(temporary, "PNG")
        cell = {"arm": arm.digest, "seed": SEED, "seconds": round(seconds, 1), **details}
        write_json(self._cells, {**self.read_cells(), self._name(file): cell})
        return seconds

    @property
    def _cells(self) -> Path:
        return self.path / "pictures.json"

    def _name(self, file: Path) -> str:
        return file.relative_to(self.path).as_posix()


def paint_missing(
    folder: JuryFolder,
    arms: Mapping[str, Arm],
    pairs: Sequence[Pair],
    source: PictureSource,
    *,
    device: str = "auto",
    repaint: bool = False,
    on_picture: Callable[[str], None] = print,
) -> int:
    """Paint the pictures that are missing or were painted with other settings, and return their number."""
    cells = [(arm, pair) for pair in pairs for arm in arms if repaint or not folder.is_current(arm, pair, arms[arm])]
    for number, (arm, pair) in enumerate(cells, 1):
        seconds = folder.paint(arm, pair, arms[arm], source, device)
        on_picture(f"{number} of {len(cells)}: {pair.name}, {arm}: {seconds:.1f} s")
    return len(cells)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write an object as indented JSON, completely or not at all."""
    write_atomically(path, (json.dumps(data, indent=1) + "\n").encode())


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", text)
