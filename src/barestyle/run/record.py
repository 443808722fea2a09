"""Records: everything needed to repeat a run, saved beside its picture and inside a PNG.

A record is JSON with `"kind": "barestyle-record"` and a `format`; the fields are those of `Record`.
"""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from barestyle.errors import BarestyleError, RecordError
from barestyle.images import embedded_record
from barestyle.run.memory_plan import MemoryPlan
from barestyle.run.output_files import KIND, sidecar
from barestyle.run.precision import Precision
from barestyle.spec import Spec
from barestyle.spec.validation import FrozenModel, format_error
from barestyle.stop_reasons import StopReason

FORMAT: Literal[1] = 1
"""Increased when a record changes so that older versions cannot read it."""

_PACKAGES = (
    "barestyle",
    "torch",
    "numpy",
    "kornia",
    "pillow",
    "pi-heif",
    "imagecodecs",
    "tifffile",
    "safetensors",
    "pydantic",
)


class Input(FrozenModel):
    """A file that a run used: its path relative to the record's folder, and its SHA-256.

    `path` is None for a picture that was only in memory; the hash is then of its shape and samples.
    """

    path: str | None
    sha256: str


class MaskInput(Input):
    """A mask's file; of a segmentation map, also the colors '#rrggbb' whose region it is."""

    colors: tuple[Annotated[str, Field(pattern="^#[0-9a-f]{6}$")], ...] = ()

    @property
    def mask_key(self) -> tuple[object, ...]:
        """Equals `Picture.mask_key` of the mask."""
        return (self.sha256, *self.colors)


class StyleInput(Input):
    """A style's file, its weight relative to the other styles, and its mask, if it has one."""

    weight: Annotated[float, Field(gt=0)] = 1.0
    mask: MaskInput | None = None


class Record(FrozenModel):
    """A run and its outcome.

    Attributes:
        kind: always `barestyle-record`.
        format: version of the fields.
        seed: the seed that was given.
        network_seed: the seed of the last attempt.
        perturbed: whether the last attempt started from a perturbed picture.
        memory_plans: how each stage of the last attempt fitted into memory, in order.
        stop_reason: code of why the run ended; `reason` is its sentence.
        losses: the loss at each iterate of the last attempt.
        image_sha256: hash of the result's float32 samples (1, 3, H, W), before they are rounded for a file.
        processes: number of processes that the picture was split among.
    """

    kind: Literal["barestyle-record"] = KIND
    format: Literal[1] = FORMAT
    digest: str
    spec: Spec
    seed: int
    network_seed: int
    perturbed: bool
    content: Input
    styles: Annotated[tuple[StyleInput, ...], Field(min_length=1)]
    keep: MaskInput | None
    start: Input | None
    weights: Input | None
    width: int
    height: int
    device: str
    precision: Precision
    memory_plans: tuple[MemoryPlan, ...]
    threads: Annotated[int, Field(ge=1, le=1024)]
    versions: dict[str, str]
    evaluations: int
    restarts: int
    interrupted: bool
    stop_reason: StopReason
    reason: str
    seconds: float
    losses: tuple[float, ...]
    image_sha256: str
    processes: Annotated[int, Field(ge=1)] = 1

    @property
    def run_key(self) -> tuple[object, ...]:
        """Equal for runs of the same pictures and settings, wherever the pictures are; see Plan.run_key."""
        single = [source and source.sha256 for source in (self.content, self.start, self.weights)]
        styles = [(style.sha256, style.weight, style.mask and style.mask.mask_key) for style in self.styles]
        return (self.spec.digest, self.seed, self.precision, single, styles, self.keep and self.keep.mask_key)

    def relative_to(self, folder: Path) -> Record:
        """Return the record with the absolute paths of its inputs made relative to a folder."""

        def relocate(source: Any) -> Any:
            if source is None:
                return None
            path = source.path and Path(os.path.relpath(source.path, folder)).as_posix()
            mask = {"mask": relocate(source.mask)} if isinstance(source, StyleInput) else {}
            return source.model_copy(update={"path": path, **mask})

        single = {name: relocate(getattr(self, name)) for name in ("content", "keep", "start", "weights")}
        return self.model_copy(update={**single, "styles": tuple(map(relocate, self.styles))})

    def to_json(self) -> str:
        """Return indented JSON, with the losses on one line."""
        data = self.model_dump(mode="json")
        losses = json.dumps(data.pop("losses"))
        return json.dumps(data, indent=2)[:-2] + f',\n  "losses": {losses}\n}}\n'


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of every package that can change a pixel."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def find(output: Path) -> Record:
    """Return the record of a picture, from inside it or from beside it, or of a JSON file.

    Raises RecordError if there is no record or it cannot be read.
    """
    try:
        if not output.is_file():
            raise RecordError(f"there is no file {str(output)!r}; name an image that barestyle made, or its .json file")
        if output.suffix == ".json":
            return parse(output.read_text(encoding="utf-8", errors="replace"), output)
        embedded = read_embedded(output)
        if not sidecar(output).is_file():
            if embedded is None:
                raise RecordError(
                    f"{str(output)!r} contains no record and {sidecar(output).name!r} is not beside it; "
                    "name an image that barestyle made"
                )
            return embedded
        beside = parse(sidecar(output).read_text(encoding="utf-8", errors="replace"), sidecar(output))
    except OSError as error:
        raise RecordError(f"the record of {str(output)!r} cannot be read ({error.strerror}); check the path") from None
    if embedded is not None and embedded.image_sha256 != beside.image_sha256:
        raise RecordError(
            f"{str(sidecar(output))!r} is the record of another image than {str(output)!r}, which contains a "
            "different one; move the .json file away"
        )
    return beside


def read_embedded(output: Path) -> Record | None:
    """Return the record inside a PNG, or None. Raises RecordError if it cannot be read."""
    text = embedded_record.read_embedded(output)
    return None if text is None else parse(text, output)


def parse(text: str, path: Path) -> Record:
    """Return the record of a JSON text; `path` is for messages. Raises RecordError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"the record in {str(path)!r} is not JSON ({error}); it may have been edited or truncated"
        ) from None
    _check_format(data, path)
    try:
        return Record.model_validate(data)
    except ValidationError as error:
        raise RecordError(f"the record in {str(path)!r} cannot be read: {format_error(Record, error)}") from None
    except BarestyleError as error:
        raise RecordError(f"the record in {str(path)!r} cannot be read: {error}") from None


def _check_format(data: Any, path: Path) -> None:
    """Raise RecordError unless the JSON data is a record of this format."""
    if not isinstance(data, dict) or not {"kind", "format"} & set(data):
        raise RecordError(f"{str(path)!r} is not a barestyle record; name an image that barestyle made, or its .json")
    kind, stored = data.get("kind"), data.get("format")
    if kind is None:
        raise RecordError(
            f"{str(path)!r} is a record of format {stored!r} from before the first release of barestyle, which can no "
            "longer be read; make the image again with `barestyle transfer`"
        )
    if kind != KIND:
        raise RecordError(f"{str(path)!r} is a {kind!r} file, not a {KIND!r}; name an image that barestyle made")
    if stored != FORMAT:
        raise RecordError(
            f"{str(path)!r} is a record of format {stored!r}, but barestyle {version('barestyle')} reads format "
            f"{FORMAT}; use the version of barestyle that wrote it"
        )


def locate_input(name: str, source: Input, new_path: Path | None, folder: Path) -> Path:
    """Return the path of an input: the new one, or else the record's, relative to its folder.

    `name` is what the input was, and the option that names it: content, style, mask, ... Raises RecordError if there is
    no such file.
    """
    if new_path is not None:
        return new_path
    if source.path is None:
        raise RecordError(f"the {name} was only in memory; save it, and name the file with --{name}")
    path = folder / source.path
    if not path.is_file():
        raise RecordError(f"the {name} is no longer at {str(path)!r}; name the file with --{name}")
    return path
