"""Images of a study in a folder: Optuna's artifacts, which also its dashboard shows."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import optuna
from optuna.artifacts import FileSystemArtifactStore, get_all_artifact_meta, upload_artifact
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

from barestyle.errors import StudyError


class StoredImages:
    """The image files of a study and of its trials, each known by its owner and a name."""

    def __init__(self, storage: BaseStorage, folder: Path) -> None:
        self._storage = storage
        self.folder = folder

    def find(self, owner: optuna.Study | FrozenTrial, name: str) -> Path | None:
        """Return the file of an image, or None if it is not in this machine's folder."""
        for meta in get_all_artifact_meta(owner, storage=self._storage):
            path = self.folder / meta.artifact_id
            if meta.filename == name and path.is_file():
                return path
        return None

    def add(self, owner: optuna.Study | FrozenTrial, name: str, file: Path) -> None:
        """Copy a file into the folder. Raises StudyError if the folder cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder:  # Optuna names an artifact after its file
                copy = str(shutil.copy(file, Path(folder) / name))
                artifacts = FileSystemArtifactStore(str(self.folder))
                upload_artifact(artifact_store=artifacts, file_path=copy, study_or_trial=owner, storage=self._storage)
        except OSError as error:
            raise StudyError(
                f"the study's images cannot be stored in {str(self.folder)!r} ({error.strerror}); free some space, "
                "or choose another folder with --into"
            ) from None
