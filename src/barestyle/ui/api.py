"""The public API, for gradio_client and plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from barestyle.presets import DEFAULT_PRESET
from barestyle.ui import status_text
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings, parse_base, parse_seed
from barestyle.ui.gradio_errors import translate_errors
from barestyle.ui.looks import LOOKS
from barestyle.ui.service import Service

PAINT = (
    "Repaint the content in the style of another picture. `preset` is a name from /presets, or a whole spec as JSON "
    "(`barestyle presets NAME --json`). `size` is the long side in pixels; by default the content's, at most 512. "
    "`strength` is 0 to 1; by default the preset's. `colors` is style, matched or luminance. Returns the picture (a "
    "PNG with its record inside), the record as JSON, and a status; until the picture is finished, only the status, "
    "for example the number of pictures ahead in the queue."
)
PRESETS = "List the presets that the page offers, each with a title and a description."
LABELS = ("Photo", "Style")
"""The files that a client sends, in this order."""

STOP = "Stop this session's jobs and keep the best pictures so far. Returns whether there were any to stop."


PUBLIC: dict[str, Any] = {"concurrency_limit": None, "api_visibility": "public"}
"""Options of every endpoint."""


def add_file_endpoint(
    call: Callable[..., Any], name: str, description: str, inputs: list[Any], outputs: list[Any]
) -> None:
    """Add an endpoint that takes and returns files.

    `inputs` and `outputs` are components that are never visible; they declare the types of the endpoint's values.
    """
    gr.Button(visible=False).click(
        call,
        inputs,
        outputs,
        api_name=name,
        api_description=description,
        show_progress="hidden",
        preprocess=False,
        **PUBLIC,
    )


def add_api(service: Service) -> None:
    """Add the public endpoints to the page that is being built."""
    inputs = [
        *(gr.File(label=label, visible=False) for label in LABELS),
        gr.Textbox(DEFAULT_PRESET, label="Preset", visible=False),
        gr.Number(label="Size", precision=0, visible=False),
        gr.Number(label="Strength", visible=False),
        gr.Textbox(None, label="Colors", visible=False),
        gr.Textbox(str(Settings().seed), label="Seed", visible=False),
    ]
    outputs = [
        gr.File(label="Picture", visible=False),
        gr.File(label="Record", visible=False),
        gr.Textbox(label="Status", visible=False),
    ]
    add_file_endpoint(_paint(service), "paint", PAINT, inputs, outputs)
    api(_list_presets, api_name="presets", api_description=PRESETS, **PUBLIC)
    api(_stop(service), api_name="stop", api_description=STOP, **PUBLIC)


def end_sessions(page: gr.Blocks, service: Service) -> None:
    """End a client's session as soon as it disconnects."""

    async def close(request: gr.Request) -> None:
        service.sessions.end_client(request.session_hash)

    page.unload(close)


def _paint(service: Service) -> Any:
    async def paint(
        request: gr.Request,
        content: Any,
        style: Any,
        preset: Any = DEFAULT_PRESET,
        size: int | None = None,
        strength: float | None = None,
        colors: str | None = None,
        seed: str = "0",
    ) -> AsyncIterator[tuple[str | None, str | None, str]]:
        session_id = request.session_hash
        with translate_errors():
            uploads = [file for file in (get_uploaded_file(content), get_uploaded_file(style)) if file is not None]
            if len(uploads) < len(LABELS):
                raise PageError("content and style must be files; send both with gradio_client's handle_file")
            settings = Settings(parse_base(preset), size, strength, colors, parse_seed(str(seed)))
            job = service.create_job(session_id, uploads, settings)
            await service.enqueue(service.sessions.get_client(session_id), job)
            async for status, position in service.watch(session_id, job):
                headline = status_text.format_headline(status, position, [settings.title])
                if status.phase == "failed":
                    raise PageError(headline)
                if status.phase == "done":
                    image = status.images[0]
                    yield str(image.picture), str(image.record), headline
                else:
                    yield None, None, f"{headline} {status_text.format_details(status)}".strip()

    return paint


async def _list_presets() -> list[dict[str, str]]:
    return [{"name": name, "title": LOOKS[name].title, "description": LOOKS[name].description} for name in LOOKS]


def _stop(service: Service) -> Any:
    async def stop(request: gr.Request) -> bool:
        with translate_errors():
            return service.stop(request.session_hash)

    return stop


def get_uploaded_file(payload: Any) -> Path | None:
    """Return the path in what a component sends, or None if it is empty.

    The endpoints use it with `preprocess=False`: gradio would open the picture, perhaps save it again, and fail on
    what Pillow cannot read, but barestyle reads the file with all its bits, colors and tags.
    """
    path = payload.get("path") if isinstance(payload, dict) else None
    return Path(path) if isinstance(path, str) else None
