"""A study in one compressed file: to continue it on another machine, to publish it, or to keep it."""

from __future__ import annotations

import io
import json
import lzma
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from barestyle.atomic_files import AtomicFile
from barestyle.errors import StudyError
from barestyle.study.declaration import FORMAT, KIND, Study
from barestyle.study.store import COMPARISONS, DECLARATION, INPUTS, RESULTS, Store, parse_result_data

MAX_MEMBER, MAX_TOTAL = 64 * 2**20, 4 * 2**30
"""Largest file of an archive, and of all its files, in bytes; an image of 4096 x 4096 pixels has about 40 million."""

TRACE_DIGITS = 5
"""Significant digits of the losses in an archive, which is then a third smaller."""

_MEMBER = re.compile(rf"{DECLARATION}|({RESULTS}|{INPUTS}|{COMPARISONS})/[0-9a-f-]+\.(json|png)")


def export_study(store: Store, path: Path, *, images: bool = True) -> int:
    """Write the declaration, all results of the declared cells and all comparisons into a .tar.xz file.

    Args:
        store: of the study.
        path: of the file.
        images: whether to include the images, except those of private pairs. A cell without its image counts as done
            where it is imported.

    Returns the number of results. Raises OutputError, or StudyError for a name without .tar.xz.
    """
    if not path.name.endswith(".tar.xz"):
        raise StudyError(f"{str(path)!r} must end in .tar.xz, which is the format of the file")
    results = [result for result in store.read_results() if result.state != "waiting"]
    private = {(pair.content, pair.style) for pair in store.study.pairs if pair.private}
    with AtomicFile(path) as temporary, tarfile.open(temporary, "w:xz") as archive:
        _add(archive, DECLARATION, json.dumps(store.declaration).encode())
        for result in results:
            data = result.to_data()
            data["trace"] = [float(f"{loss:.{TRACE_DIGITS}g}") for loss in result.trace]
            is_public = images and (result.cell.content, result.cell.style) not in private
            image = store.read_image(result) if is_public else None
            data["has_image"] = image is not None
            _add(archive, f"{RESULTS}/{result.cell.key}.json", json.dumps(data).encode())
            if image is not None:
                _add(archive, f"{RESULTS}/{result.cell.key}.png", image)
        for name, distance in sorted(store.read_comparisons().items()):
            _add(archive, f"{COMPARISONS}/{name}.json", json.dumps({"distance": distance}).encode())
        shown = {name for pair in store.study.pairs if not pair.private for name in (pair.content, pair.style)}
        for name in sorted(shown) if images else ():
            if (image := store.read_input(name)) is not None:
                _add(archive, store.input_file(name), image)
    return len(results)


def read_study_name(path: Path) -> str:
    """Return the name of the study in an archive. Raises StudyError for a file that is not an export."""
    for name, data in _read_members(path):
        return str(_parse_declaration(path, {name: data})["study"]["study"])
    return str(_parse_declaration(path, {})["study"]["study"])


def import_study(path: Path, store: Store) -> tuple[int, int]:
    """Add the results of an exported study to a store; return how many results were added and how many were known.

    A result that the store has is kept, unless the archive has its image and the store has not. The declaration is
    taken if the store has none. Raises StudyError for a file that is not an export, or one of another study.
    """
    members = dict(_read_members(path))
    declared = _parse_declaration(path, members)
    if store.declaration and store.study.study != declared["study"]["study"]:
        raise StudyError(
            f"{store.folder.location!r} has the study {store.study.study!r}, and {str(path)!r} the study "
            f"{declared['study']['study']!r}; choose another folder with --into"
        )
    _check_weights(path, store.declaration, declared)
    _check_results(path, members)
    known, images = store.list_results(), store.folder.list(RESULTS)
    results = [name for name in members if name.startswith(f"{RESULTS}/") and name.endswith(".json")]
    added = 0
    for name in results:
        key = Path(name).stem
        image = members.get(f"{RESULTS}/{key}.png")
        if key in known and (image is None or f"{key}.png" in images):
            continue
        if image is not None:
            store.folder.write(f"{RESULTS}/{key}.png", image)
        store.folder.write(name, members[name])
        added += key not in known
    for name, data in members.items():
        if name.startswith((f"{COMPARISONS}/", f"{INPUTS}/")):
            store.folder.write(name, data)
    if not store.declaration:
        store.write_declaration(declared)
    return added, len(results) - added


def _check_weights(path: Path, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    before, after = ours.get("weights"), theirs.get("weights")
    if before and after and before != after:
        raise StudyError(
            f"{str(path)!r} was made with other trained weights (their SHA-256 begins with {after[:8]}, not "
            f"{before[:8]}); choose another folder with --into"
        )


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a file without a time or an owner, so that the same study gives the same bytes."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _read_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of every file of an archive. Raises StudyError."""
    try:
        total = 0
        with tarfile.open(path, "r:xz") as archive:
            for member in archive:
                total += member.size
                if total > MAX_TOTAL:
                    raise StudyError(f"{str(path)!r} has more than {MAX_TOTAL // 2**30} GiB; export without images")
                if not member.isfile() or not _MEMBER.fullmatch(member.name) or member.size > MAX_MEMBER:
                    raise StudyError(
                        f"{str(path)!r} has {member.name!r}, which no export of a study has; give a file that "
                        "`barestyle study export` wrote"
                    )
                file = archive.extractfile(member)
                yield member.name, file.read() if file else b""
    except FileNotFoundError:
        raise StudyError(f"there is no file {str(path)!r}; check the path") from None
    except (OSError, tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise StudyError(
            f"{str(path)!r} cannot be read ({error}); give a file that `barestyle study export` wrote"
        ) from None


def _parse_declaration(path: Path, members: dict[str, bytes]) -> dict[str, Any]:
    try:
        declared = dict(json.loads(members[DECLARATION]))
        if (declared["kind"], declared["format"]) != (KIND, FORMAT):
            raise ValueError
        Study.model_validate(declared["study"])
    except (KeyError, TypeError, ValueError):
        raise StudyError(
            f"{str(path)!r} has no study of this version; give a file that its `barestyle study export` wrote"
        ) from None
    return declared


def _check_results(path: Path, members: Mapping[str, bytes]) -> None:
    """Raise StudyError if a result or a comparison cannot be read, before anything is stored."""
    for name, data in members.items():
        try:
            if name.startswith(f"{RESULTS}/") and name.endswith(".json"):
                parse_result_data(data)
            elif name.startswith(f"{COMPARISONS}/"):
                float(json.loads(data)["distance"])
        except (KeyError, TypeError, ValueError):
            raise StudyError(
                f"{name!r} in {str(path)!r} cannot be read; give a file that `barestyle study export` wrote"
            ) from None
