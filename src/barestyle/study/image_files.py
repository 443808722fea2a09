"""The pictures of a study, by the names that its file gives them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from barestyle import samples
from barestyle.errors import ImageError, StudyError
from barestyle.images import read


@dataclass(frozen=True)
class PictureFile:
    """A picture's name in the study, its file, and the SHA-256 of its bytes."""

    name: str
    path: Path
    sha256: str


def find(name: str) -> PictureFile:
    """The file of `photo:NAME`, `style:NAME` or a path. Raises StudyError naming the picture."""
    kind, _, rest = name.partition(":")
    try:
        path = {"photo": samples.photo, "style": samples.style}.get(kind, Path)(
            rest if kind in ("photo", "style") else name
        )
        data = Path(path).read_bytes()
    except ImageError as error:
        raise StudyError(f"picture {name!r} of the study: {error}") from None
    except OSError as error:
        raise StudyError(f"picture {name!r} of the study cannot be read ({error.strerror}); check its path") from None
    return PictureFile(name, Path(path), hashlib.sha256(data).hexdigest())


def checked(name: str) -> PictureFile:
    """`find`, and that it is a picture. Raises StudyError, ImageError."""
    found = find(name)
    read(found.path)
    return found
