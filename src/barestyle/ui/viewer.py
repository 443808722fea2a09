"""The viewer: shows the picture while it forms, then before and after, or a gallery of several looks.

It has its own HTML and script (viewer.html, viewer.js): gradio's before/after slider does not work with the keyboard.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr

from barestyle.ui import status_text
from barestyle.ui.job_status import FinishedImage, JobStatus
from barestyle.ui.jobs import Job

EMPTY: dict[str, Any] = {
    "phase": "empty",
    "headline": "",
    "details": "",
    "share": None,
    "frame": "",
    "curve": "",
    "images": [],
}
"""The viewer's value before the first job."""


def create_viewer() -> gr.HTML:
    """Return the component; `make_viewer_value` returns its values."""
    folder = files("barestyle.ui")
    return gr.HTML(
        EMPTY,
        html_template=(folder / "viewer.html").read_text(encoding="utf-8"),
        js_on_load=(folder / "viewer.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        label="Result",
        elem_id="viewer",
    )


def make_viewer_value(job: Job, status: JobStatus, position: int) -> dict[str, Any]:
    """Return what the viewer shows of a job; `position` is its place in the queue."""
    snapshot = status.snapshot
    return {
        "phase": status.phase,
        "headline": status_text.format_headline(status, position, [request.title for request in job.requests]),
        "details": status_text.format_details(status),
        "share": snapshot.share if snapshot else None,
        "frame": snapshot.frame if snapshot else "",
        "curve": snapshot.curve if snapshot else "",
        "images": [_make_image_value(image) for image in status.images],
    }


def _make_image_value(image: FinishedImage) -> dict[str, Any]:
    """Return a finished picture with its files, to which gradio adds URLs."""
    return {
        "title": image.title,
        "duration": status_text.format_duration(image.seconds),
        "headline": status_text.format_finished((image,)),
        "ratio": image.width / image.height,
        "curve": image.curve,
        "picture": _make_file_value(image.picture),
        "record": _make_file_value(image.record),
        "before": _make_file_value(image.before),
        "after": _make_file_value(image.after),
    }


def _make_file_value(path: Path) -> dict[str, Any]:
    return gr.FileData(path=str(path), orig_name=path.name).model_dump()
