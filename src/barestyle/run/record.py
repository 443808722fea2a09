"""Records: what a result carries, beside it and inside a PNG, so that it can be repeated."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from PIL import Image, UnidentifiedImageError
from pydantic import Field, ValidationError

from barestyle.atomic_files import check_writable
from barestyle.errors import BarestyleError, OutputError, RecordError
from barestyle.images.output import check_distinct
from barestyle.images.output import check_output as check_image_output
from barestyle.images.read import own_pixel_limit
from barestyle.images.write import record_key
from barestyle.spec import Spec
from barestyle.spec.validation import Frozen, sentence
from barestyle.stop_reasons import StopReason

FORMAT: Literal[3] = 3
"""Raised when a record changes so that older programs could not read it."""

READABLE = (1, 2, 3)
"""Format 1 had neither precision nor fits: everything was float32, in one tile. Format 2 had one style and no masks."""

_PACKAGES = ("barestyle", "torch", "numpy", "kornia", "pillow", "imagecodecs", "tifffile", "safetensors", "pydantic")


class Input(Frozen):
    """A file that went into a run: where it lies, seen from the record's folder, and its SHA-256.

    `path` is None for a picture that was only in memory; the hash is then of its shape and samples.
    """

    path: str | None
    sha256: str


class StyleInput(Input):
    """A style's file, its weight beside those of the others, and its mask, if it has one."""

    weight: Annotated[float, Field(gt=0)] = 1.0
    mask: Input | None = None


class MemoryPlanRecord(Frozen):
    """How a part of a run was fitted into memory: its tiles, null for one, and the pairs that L-BFGS remembered."""

    tile_height: Annotated[int, Field(ge=1)] | None
    tile_width: Annotated[int, Field(ge=1)] | None
    held: Annotated[int, Field(ge=1)]
    history: Annotated[int, Field(ge=1)] | None


class Record(Frozen):
    """A run and how it went.

    `seed` is the one given and `network_seed` the one that the last restart used; `losses` has one number for
    each iterate of that last attempt; `image_sha256` is of the result's float32 samples (1, 3, H, W), not yet
    rounded to those of a file. `fits` has one entry for each scale and precision, one after the other.
    `stop_reason` is the code of why the run ended, and `reason` its sentence.
    """

    format: Literal[3] = FORMAT
    digest: str
    spec: Spec
    seed: int
    network_seed: int
    perturbed: bool
    content: Input
    styles: Annotated[tuple[StyleInput, ...], Field(min_length=1)]
    keep: Input | None = None
    start: Input | None = None
    weights: Input | None
    width: int
    height: int
    device: str
    precision: Literal["float32", "bf16", "mixed"] = "float32"
    memory_plans: tuple[MemoryPlanRecord, ...] = ()
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

    @property
    def run_key(self) -> tuple[object, ...]:
        """Equal for runs of the same pictures and settings, wherever the pictures lie; see Plan.run_key."""
        single = [source and source.sha256 for source in (self.content, self.keep, self.start, self.weights)]
        styles = [(style.sha256, style.weight, style.mask and style.mask.sha256) for style in self.styles]
        return (self.spec.digest, self.seed, self.precision, single, styles)

    def seen_from(self, folder: Path) -> Record:
        """The same record with the inputs' absolute paths as seen from a folder."""

        def seen(source: Any) -> Any:
            if source is None:
                return None
            path = source.path and Path(os.path.relpath(source.path, folder)).as_posix()
            changes = {"path": path} | ({"mask": seen(source.mask)} if isinstance(source, StyleInput) else {})
            return source.model_copy(update=changes)

        changes = {name: seen(getattr(self, name)) for name in ("content", "keep", "start", "weights")}
        return self.model_copy(update={**changes, "styles": tuple(map(seen, self.styles))})

    def to_json(self) -> str:
        """Indented JSON, the loss trace on one line."""
        data = self.model_dump(mode="json")
        losses = json.dumps(data.pop("losses"))
        return json.dumps(data, indent=2)[:-2] + f',\n  "losses": {losses}\n}}\n'


def package_versions() -> dict[str, str]:
    """Versions of Python and of every package that can change a pixel."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def sidecar(output: Path) -> Path:
    """Where the record of an output lies: out.png.json beside out.png."""
    return output.with_name(output.name + ".json")


def check_output(output: Path, *, force: bool, inputs: Iterable[Path] = ()) -> None:
    """Refuse, before any work, an output that could not be written with its record, or that is an input.

    `force` allows to overwrite an earlier result. Raises OutputError.
    """
    check_image_output(output, force=force)
    record = sidecar(output)
    check_writable(record)
    check_distinct((output, record), inputs)
    if record.is_dir():
        raise OutputError(f"{str(sidecar(output))!r}, where the record goes, is a folder; choose another name")
    if sidecar(output).exists() and not force:
        raise OutputError(f"{str(sidecar(output))!r} exists; choose another name, or overwrite it with --force")


def find(output: Path) -> Record:
    """The record of a picture, from inside it or from beside it, or of a JSON file itself.

    Raises RecordError where there is none or it cannot be understood.
    """
    try:
        if not output.is_file():
            raise RecordError(f"there is no file {str(output)!r}; give a picture that barestyle made, or its .json")
        if output.suffix == ".json":
            return parse(output.read_text(encoding="utf-8", errors="replace"), output)
        inside = _inside(output)
        if not sidecar(output).is_file():
            if inside is None:
                raise RecordError(
                    f"{str(output)!r} carries no record and {sidecar(output).name!r} is not beside it; "
                    "only pictures that barestyle made can be repeated"
                )
            return inside
        beside = parse(sidecar(output).read_text(encoding="utf-8", errors="replace"), sidecar(output))
    except OSError as error:
        raise RecordError(f"the record of {str(output)!r} cannot be read ({error.strerror}); check the path") from None
    if inside is not None and inside.image_sha256 != beside.image_sha256:
        raise RecordError(
            f"{str(sidecar(output))!r} is of another picture than {str(output)!r}, which carries a record of its own; "
            "move the former away"
        )
    return beside


def _inside(output: Path) -> Record | None:
    """The record inside a PNG, which lies before the picture's data, so that nothing needs to be decoded."""
    try:
        with own_pixel_limit(), Image.open(output) as image:
            texts = image.info
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    parts: list[str] = []
    while (part := texts.get(record_key(len(parts)))) is not None:
        parts.append(str(part))
    return parse("".join(parts), output) if parts else None


def parse(text: str, path: Path) -> Record:
    """A record from JSON text; `path` is for messages. Raises RecordError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"the record in {str(path)!r} is not JSON ({error}); it may have been edited or cut"
        ) from None
    stored = data.get("format") if isinstance(data, dict) else None
    if stored not in READABLE:
        raise RecordError(
            f"{str(path)!r} holds no record of format {' or '.join(map(str, READABLE))} but of {stored!r}; "
            f"barestyle {version('barestyle')} reads no other"
        )
    try:
        return Record.model_validate(_up_to_date(data))
    except ValidationError as error:
        raise RecordError(f"the record in {str(path)!r} cannot be read: {sentence(Record, error)}") from None
    except BarestyleError as error:
        raise RecordError(f"the record in {str(path)!r} cannot be read: {error}") from None


def _up_to_date(data: dict[str, Any]) -> dict[str, Any]:
    """An earlier format's record as one of this format."""
    if data["format"] == FORMAT or "style" not in data:
        return data
    return {
        **{name: value for name, value in data.items() if name != "style"},
        "styles": [data["style"]],
        "format": FORMAT,
    }


def locate_input(name: str, source: Input, elsewhere: Path | None, folder: Path) -> Path:
    """The file of an input: as named now, or as the record saw it from its own folder.

    `name` is what the input was, and the option that names it: content, style, mask, ... Raises RecordError
    where there is no such file.
    """
    if elsewhere is not None:
        return elsewhere
    if source.path is None:
        raise RecordError(f"the {name} was in memory only; save it, and name the file with --{name}")
    path = folder / source.path
    if not path.is_file():
        raise RecordError(f"the {name} is not at {str(path)!r} any more; name the file with --{name}")
    return path
