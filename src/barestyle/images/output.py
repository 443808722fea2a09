"""Check, before any work, that an output can be written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from barestyle.atomic_files import check_writable
from barestyle.errors import OutputError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".avif", ".jxl")
"""Extensions of the image files that can be written."""

LONGEST_SIDES = {".jpg": 65535, ".jpeg": 65535, ".webp": 16383, ".avif": 32768}
"""The longest side in pixels that JPEG and WebP can store, and that libavif reads."""


def check_output(path: Path, *, force: bool, extensions: Collection[str] = EXTENSIONS, what: str = "image") -> None:
    """Raise OutputError if `path` cannot be written.

    Args:
        path: the output file.
        force: allow an existing file.
        extensions: allowed extensions, in lower case.
        what: the kind of file, for the message.
    """
    if path.suffix.lower() not in extensions:
        raise OutputError(
            f"{str(path)!r} has no {what} extension that can be written; use one of {', '.join(extensions)}"
        )
    check_encoder(path)
    try:
        if path.is_dir():
            raise OutputError(f"{str(path)!r} is a folder; name a file in it, like {str(path / f'out{path.suffix}')!r}")
        if path.exists() and not force:
            raise OutputError(f"{str(path)!r} exists; choose another name, or overwrite it with --force")
    except (OSError, ValueError) as error:
        raise OutputError(f"{str(path)!r} cannot be an output ({error}); choose another name") from None
    check_writable(path)


def check_encoder(path: Path) -> None:
    """Raise OutputError if the library that writes the format of `path` was installed without it."""
    extension = path.suffix.lower()
    if extension == ".avif":
        from PIL import features

        library, has_encoder = "Pillow", features.check("avif")
    elif extension == ".jxl":
        import imagecodecs

        library, has_encoder = "imagecodecs", imagecodecs.JPEGXL.available
    else:
        return
    if not has_encoder:
        raise OutputError(
            f"{str(path)!r} cannot be written, as the installed {library} cannot write {extension}; reinstall it with "
            f"`pip install --force-reinstall {library.lower()}`, or use .png"
        )


def check_distinct(outputs: Iterable[Path], others: Iterable[Path], *, what: str = "an input") -> None:
    """Raise OutputError if an output is the same file as one of `others`, also under another name or link.

    Args:
        outputs: files that will be written.
        others: files that must not be overwritten; they need not exist.
        what: what they are, for the message.
    """
    taken = {identity for other in others for identity in _identities(other)}
    for output in outputs:
        if taken & _identities(output):
            raise OutputError(f"{str(output)!r} is also {what}; choose another name")


def _identities(path: Path) -> set[object]:
    """Return what two names of one file share: the resolved path, and device and inode if the file exists."""
    try:
        status = path.stat()
    except OSError:
        return {path.resolve()}
    return {path.resolve(), (status.st_dev, status.st_ino)}


def check_format(path: Path, height: int, width: int) -> None:
    """Raise OutputError if the file format of `path` cannot store an image of this size."""
    limit = LONGEST_SIDES.get(path.suffix.lower())
    if limit is not None and max(height, width) > limit:
        raise OutputError(
            f"{path.suffix} stores at most {limit} pixels per side, not {max(height, width)}; use .png or .tif"
        )
