"""What a session's folders say of their contents: one JSON file in each."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

logger = logging.getLogger(__name__)

Info = TypeVar("Info", bound=BaseModel)


def load_infos(folder: Path, name: str, model: type[Info]) -> list[tuple[Info, Path]]:
    """Return what the files `name` in the folders of a folder say, and those folders, the oldest file first.

    A folder whose file is damaged, or of another version, is deleted.
    """
    infos = []
    for file in sorted(folder.glob(f"*/{name}"), key=lambda file: file.stat().st_mtime):
        try:
            infos.append((model.model_validate_json(file.read_bytes()), file.parent))
        except (OSError, ValidationError):
            logger.warning("%s cannot be read, and is deleted", file)
            shutil.rmtree(file.parent, ignore_errors=True)
    return infos
