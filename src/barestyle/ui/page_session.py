"""The session of a browser: its pictures, settings, jobs and results, which outlive a refresh of the page."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import BaseModel, ValidationError

from barestyle.atomic_files import write_atomically
from barestyle.errors import SpecError
from barestyle.ui.compute import PaintRequest
from barestyle.ui.form import Form
from barestyle.ui.job_status import FinishedImage
from barestyle.ui.jobs import Job
from barestyle.ui.picture_store import PictureStore
from barestyle.ui.regions import Samples
from barestyle.ui.result_store import ResultStore
from barestyle.ui.saved_looks import SavedLook
from barestyle.ui.trained_styles import TrainedStyleStore

PAGE_TIMEOUT = 24 * 3600.0
"""Seconds without an open page after which a session ends and its files are deleted."""

KEPT_TIMEOUT = 30 * 24 * 3600.0
"""The same if sessions are kept in a folder; they are then also read again after a restart."""

EMPTY_TIMEOUT = 60.0
"""The same for a session without pictures and results."""

ABSENT_SECONDS = 10.0
"""Time without an open page after which the session's jobs make way for those of others."""

STATE = "barestyle-session.json"
LAYER = "layer.png"


class _State(BaseModel):
    """What is stored of a session beside its pictures and results."""

    form: dict[str, object] = {}
    looks: list[SavedLook] = []


class PageSession:
    """One browser; its tabs share the session.

    Attributes:
        folder: of everything below.
        pictures: uploaded pictures.
        trained_styles: uploaded files of trained styles.
        results: finished pictures.
        jobs: those that are not over, and the last one that is.
        form: the latest values of the form.
        looks: that the person saved.
        last_seen: time at which a page was last open, on the monotonic clock.
        timeout: seconds without an open page after which the session ends.
    """

    def __init__(self, folder: Path, timeout: float = PAGE_TIMEOUT) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / STATE).exists():  # of an earlier server
            (folder / STATE).touch()  # its time tells when the session was last used
        self.timeout = timeout
        self.pictures = PictureStore(folder / "pictures")
        self.trained_styles = TrainedStyleStore(folder / "trained-styles")
        self.results = ResultStore(folder / "results")
        self.jobs: list[Job] = []
        self.last_seen = time.monotonic()
        self.form, self.looks = self._load_state()

    def _load_state(self) -> tuple[Form, list[SavedLook]]:
        """Return what was saved; a new form if it cannot be read, or a newer version has other fields."""
        looks: list[SavedLook] = []
        with contextlib.suppress(OSError, ValidationError, SpecError):
            state = _State.model_validate_json((self.folder / STATE).read_bytes())
            looks = state.looks
            return Form(**state.form), looks
        return Form(), looks

    def save_looks(self, looks: list[SavedLook]) -> None:
        """Keep the looks that the person saved."""
        self.looks = looks
        self._save_state()

    def _save_state(self) -> None:
        state = _State(form=self.form.model_dump(mode="json"), looks=self.looks)
        write_atomically(self.folder / STATE, state.model_dump_json().encode())

    def save_form(self, form: Form) -> None:
        """Keep the values of the form, and remove the oldest pictures and trained styles that nothing uses."""
        self.form = form
        self._save_state()
        used = set(form.picture_ids)
        for result in self.results.all:
            used |= set(result.info.pictures)
        for job in self.unfinished_jobs:
            used |= {picture_id for request in job.requests for picture_id in Form(**request.form).picture_ids}
        self.pictures.keep_only(used)
        forms = [form, *(Form(**result.info.form) for result in self.results.all)]
        saved = [look.values.get("instant", {}).get("style", "") for look in self.looks]
        self.trained_styles.keep_only({*saved, *(each.instant.style for each in forms)})

    def save_regions(self, layer: Samples | None) -> str:
        """Store the painted regions (H, W, 4), and return their id; empty if nothing is painted."""
        if layer is None or not layer[..., 3].any():
            return ""
        regions_id = hashlib.sha256(repr(layer.shape).encode() + np.ascontiguousarray(layer).tobytes()).hexdigest()[:24]
        path = self.regions_folder(regions_id) / LAYER
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(layer).save(path)
        return regions_id

    def load_regions(self, regions_id: str) -> Samples | None:
        """Return painted regions (H, W, 4), or None if there are none with this id."""
        path = self.regions_folder(regions_id) / LAYER
        if not regions_id.isalnum() or not path.exists():
            return None
        with Image.open(path) as image:
            return np.asarray(image.convert("RGBA"))

    def regions_folder(self, regions_id: str) -> Path:
        """Return the folder of painted regions and of their masks."""
        return self.folder / "regions" / regions_id

    def create_job(self, requests: Sequence[PaintRequest]) -> Job:
        """Create a job whose finished pictures become results of the session."""

        def add_result(request: PaintRequest, image: FinishedImage) -> None:
            self.results.add(request, image, f"{self.folder.name[:8]}-{job.number}")

        job = Job(requests, lambda _request: self.results.new_folder(), on_finished=add_result)
        self.jobs = [*self.unfinished_jobs, job]
        return job

    def remove_job(self, job: Job) -> None:
        """End a job without its unfinished picture; finished ones stay."""
        job.drop()
        if job in self.jobs:
            self.jobs.remove(job)

    @property
    def unfinished_jobs(self) -> list[Job]:
        """The jobs that are not over."""
        return [job for job in self.jobs if not job.status.is_over]

    def close(self, *, keeps_files: bool = False) -> None:
        """End all jobs, and delete all files unless they are kept."""
        for job in self.jobs:
            job.drop()
        if not keeps_files:
            shutil.rmtree(self.folder, ignore_errors=True)

    def touch(self) -> None:
        """Note that a page is open."""
        self.last_seen = time.monotonic()

    @property
    def is_absent(self) -> bool:
        """Whether no page was open for a while."""
        return time.monotonic() - self.last_seen > ABSENT_SECONDS

    @property
    def has_expired(self) -> bool:
        """Whether no page was open for too long."""
        is_empty = self.form == Form() and not (
            self.looks or self.pictures.all or self.trained_styles.all or self.results.all or self.unfinished_jobs
        )
        return time.monotonic() - self.last_seen > (EMPTY_TIMEOUT if is_empty else self.timeout)
