"""The stage: the one place of the page where a picture forms, is compared, and is taken away.

It is drawn by stage.html and stage.js. Gradio's own before/after slider cannot be moved with a keyboard, and would
have to take the place of the picture that formed; here one picture becomes the other where it is.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import gradio as gr

from barestyle.ui import status_text as words
from barestyle.ui.jobs import FinishedImage, Job

EMPTY: dict[str, Any] = {
    "phase": "empty",
    "words": "",
    "details": "",
    "share": None,
    "frame": "",
    "curve": "",
    "works": [],
}


def stage() -> gr.HTML:
    """The component; its value is what `shown` makes of a job."""
    folder = files("barestyle.ui")
    return gr.HTML(
        EMPTY,
        html_template=(folder / "stage.html").read_text(encoding="utf-8"),
        js_on_load=(folder / "stage.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        label="The picture",
        elem_id="stage",
    )


def shown(job: Job, place: int) -> dict[str, Any]:
    """A job as the stage shows it; `place` is its place in the line."""
    view = job.view
    snapshot = view.snapshot
    return {
        "phase": view.phase,
        "words": words.state(job, view, place),
        "details": words.details(view),
        "share": snapshot.share if snapshot else None,
        "frame": snapshot.frame if snapshot else "",
        "curve": snapshot.curve if snapshot else "",
        "works": [_hung(work) for work in view.works],
    }


def _hung(work: FinishedImage) -> dict[str, Any]:
    """A finished picture with the addresses of its files, which gradio fills in."""
    return {
        "title": work.title,
        "note": words.duration(work.seconds),
        "words": words.finished((work,)),
        "ratio": work.width / work.height,
        "curve": work.curve,
        **{name: _file(getattr(work, name)) for name in ("picture", "record", "before", "after")},
    }


def _file(path: Any) -> dict[str, Any]:
    return gr.FileData(path=str(path), orig_name=path.name).model_dump()
