"""The store of a study: its declaration, and a result and an image for each cell, as files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from barestyle.errors import StudyError
from barestyle.study.cell import Cell, CellResult
from barestyle.study.declaration import FORMAT, KIND, Study
from barestyle.study.expansion import expand
from barestyle.study.store_folder import StoreFolder

DECLARATION = "study.json"
RESULTS, INPUTS, COMPARISONS = "results", "inputs", "comparisons"


class Store:
    """The store of one study.

    A result is known by the key of its cell, a hash of its spec, its seed and its files, so results of an earlier
    declaration are kept and are found again by any declaration that has the same cell. A cell is done when its result
    and its image are stored; the image is written first.

        study.json               the study, and hashes of its images and weights
        results/KEY.json, .png   numbers and image of a cell
        inputs/KEY.png           a content or style image at the study's size
        comparisons/KEY.json     distances between the images of two cells

    Args:
        location: a folder, or a URL of any file system that fsspec knows.

    Every method raises StorageError if the file system fails.
    """

    def __init__(self, location: str | Path) -> None:
        self.folder = StoreFolder(location)

    # The declaration

    @cached_property
    def study(self) -> Study:
        """The study as declared. Raises StudyError if there is none, or one of another version."""
        declared = self.declaration
        if not declared:
            raise StudyError(
                f"there is no study in {self.folder.location!r}; start one with `barestyle study run STUDY`"
            )
        try:
            return Study.model_validate(declared["study"])
        except ValidationError as error:
            field = ".".join(map(str, error.errors()[0]["loc"]))
            raise StudyError(
                f"the study in {self.folder.location!r} cannot be read (its field {field} is not valid here); use the "
                "version of barestyle that wrote it, or choose another folder"
            ) from None

    @cached_property
    def declaration(self) -> dict[str, Any]:
        """All that was declared: study, images, weights, metrics, favored and machine; empty without a study."""
        data = self.folder.read(DECLARATION)
        if data is None:
            return {}
        try:
            declared = dict(json.loads(data))
        except ValueError:
            declared = {}
        if (declared.get("kind"), declared.get("format")) != (KIND, FORMAT):
            raise StudyError(
                f"{DECLARATION!r} in {self.folder.location!r} is not a study of format {FORMAT}; use the version of "
                "barestyle that wrote it, or choose another folder"
            )
        return declared

    def declare(self, study: Study, *, images: Mapping[str, str], weights: str | None, **attributes: Any) -> None:
        """Store a study, in place of an earlier declaration of it. No result is deleted.

        Args:
            study: the study.
            images: SHA-256 of each image's file, by the image's name in the study.
            weights: SHA-256 of the file of trained weights, or None.
            attributes: what else is declared.

        Raises StudyError if the store has another study, or the study was declared with other files.
        """
        if (earlier := self.declaration) and earlier["study"]["study"] != study.study:
            raise StudyError(
                f"{self.folder.location!r} has the study {earlier['study']['study']!r}, not {study.study!r}; choose "
                "another folder with --into"
            )
        for name, sha256 in images.items():
            known = earlier.get("images", {}).get(name, sha256)
            if known != sha256:
                raise StudyError(
                    f"image {name!r} is not the file that the study in {self.folder.location!r} was declared with "
                    f"(its SHA-256 begins with {sha256[:8]}, not {known[:8]}); restore that file, "
                    "or choose another folder with --into"
                )
        weights = weights or earlier.get("weights")  # a declaration without trained variants keeps the known file
        before = str(earlier.get("weights") or weights)
        if weights and before != weights:
            raise StudyError(
                f"the trained weights are not the file that the study in {self.folder.location!r} was declared with "
                f"(its SHA-256 begins with {weights[:8]}, not {before[:8]}); name that file with --trained FILE, or "
                "choose another folder with --into"
            )
        declared = {
            "kind": KIND,
            "format": FORMAT,
            "study": study.model_dump(mode="json"),
            "images": dict(images),
            "weights": weights,
            **attributes,
        }
        self.write_declaration(declared)

    def write_declaration(self, declared: Mapping[str, Any]) -> None:
        """Store a declaration as another store has it, without a check."""
        self.folder.write(DECLARATION, json.dumps(declared, indent=1).encode())
        self.__dict__.pop("study", None)
        self.__dict__.pop("declaration", None)

    @property
    def cells(self) -> list[Cell]:
        """Every cell of the declared study once."""
        return expand(self.study, self.declaration["images"], self.declaration["weights"])

    # Results

    def write_result(self, result: CellResult, image: bytes | None) -> None:
        """Store a result and its image, in place of an earlier one."""
        if image is not None:
            self.folder.write(f"{RESULTS}/{result.cell.key}.png", image)
        stored = result.model_copy(update={"has_image": image is not None})
        self.folder.write(f"{RESULTS}/{result.cell.key}.json", json.dumps(stored.to_data(), indent=1).encode())

    def list_results(self) -> set[str]:
        """Return the keys of all cells that have a result, of this and earlier declarations."""
        return {name.removesuffix(".json") for name in self.folder.list(RESULTS) if name.endswith(".json")}

    def read_results(self, cells: Sequence[Cell] | None = None) -> list[CellResult]:
        """Return the result of every cell of the declared study, or of other cells; without one it is "waiting"."""
        cells = self.cells if cells is None else cells
        present = self.folder.list(RESULTS)
        names = {cell.key: f"{RESULTS}/{cell.key}.json" for cell in cells if f"{cell.key}.json" in present}
        stored = self.folder.read_all(names.values())
        results = []
        for cell in cells:
            data = stored.get(names.get(cell.key, ""))
            result = None if data is None else self._parse(cell, data)
            if result is None or (result.has_image and f"{cell.key}.png" not in present):
                result = CellResult(cell=cell, state="waiting")
            results.append(result)
        return results

    def _parse(self, cell: Cell, data: bytes) -> CellResult:
        try:
            return CellResult.model_validate({**parse_result_data(data), "cell": cell})
        except ValueError:
            raise StudyError(
                f"the result {cell.key} in {self.folder.location!r} cannot be read; delete its file and run the study "
                "again"
            ) from None

    def read_image(self, result: CellResult) -> bytes | None:
        """Return the PNG of a done cell, or None if the store does not have it."""
        return self.folder.read(f"{RESULTS}/{result.cell.key}.png") if result.has_image else None

    # Comparisons

    def write_comparison(self, name: str, distance: float) -> None:
        """Store the distance between the images of two cells, by its `table.comparison_name`."""
        self.folder.write(f"{COMPARISONS}/{name}.json", json.dumps({"distance": distance}).encode())

    def read_comparisons(self) -> dict[str, float]:
        """Return all stored distances by name."""
        names = [name for name in self.folder.list(COMPARISONS) if name.endswith(".json")]
        stored = self.folder.read_all(f"{COMPARISONS}/{name}" for name in names)
        return {Path(name).stem: float(json.loads(data)["distance"]) for name, data in stored.items()}

    # Inputs

    def write_input(self, name: str, image: bytes) -> None:
        """Store an input image at the study's size, as a PNG, for reports."""
        self.folder.write(self.input_file(name), image)

    def read_input(self, name: str) -> bytes | None:
        """Return the PNG of an input image, or None if the store does not have it."""
        return self.folder.read(self.input_file(name))

    def input_file(self, name: str) -> str:
        """Return a file name that differs for another file of the same name, and for another size."""
        identity = name, self.declaration["images"][name], self.study.size
        return f"{INPUTS}/{hashlib.sha256(repr(identity).encode()).hexdigest()[:12]}.png"


def parse_result_data(data: bytes) -> dict[str, Any]:
    """Return the data of a stored result. Raises ValueError if it is not one."""
    parsed = json.loads(data)
    if not isinstance(parsed, dict) or parsed.get("state") not in ("done", "failed") or "cell" not in parsed:
        raise ValueError("not a result")
    return parsed


def open_store(name: str, location: str | Path) -> Store:
    """Return the store of an existing study. Raises StudyError if there is none, or another study is there."""
    store = Store(location)
    if not store.declaration:
        raise StudyError(f"there is no study in {str(location)!r}; start one with `barestyle study run {name}`")
    if store.study.study != name:
        raise StudyError(
            f"{str(location)!r} has the study {store.study.study!r}, not {name!r}; name that one, or another folder "
            "with --into"
        )
    return store
