"""The API: what a program can ask of the page, by gradio_client or plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from gradio.events import api

from barestyle.presets import DEFAULT_PRESET
from barestyle.ui import choices
from barestyle.ui import status_text as words
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings, parse_base, parse_seed
from barestyle.ui.gradio_errors import spoken
from barestyle.ui.image_inputs import IMAGE_INPUTS, sent
from barestyle.ui.service import Service

PAINT = (
    "Repaint the content in the style of another picture. `preset` is one of the names that /presets gives, or the "
    "JSON of a whole spec (`barestyle presets NAME --json`); without `size` the content's own is taken, at most 512 "
    "pixels; without `strength`, from 0 to 1, the preset's; `colors` is style, matched or luminance. It gives the "
    "picture, a PNG with its record inside, the record as JSON, and a sentence; while it waits and paints, only the "
    "sentence, which says how many come before it."
)
PRESETS = "The presets that the page offers: name, what it is called, and what to expect of it."
STOP = "End this session's pictures soon and keep the best so far; whether there were any that could be ended."


def add(service: Service) -> None:
    """Add the public endpoints to the page that is being built."""
    open_to_all: dict[str, Any] = {"concurrency_limit": None, "api_visibility": "public"}
    # Components that are on no screen: they tell clients what is a file and what a number.
    given = [
        *(gr.File(label=image_input.label, visible=False) for image_input in IMAGE_INPUTS),
        gr.Textbox(DEFAULT_PRESET, label="Preset", visible=False),
        gr.Number(label="Size", precision=0, visible=False),
        gr.Number(label="Strength", visible=False),
        gr.Textbox(None, label="Colors", visible=False),
        gr.Textbox(str(Settings().seed), label="Seed", visible=False),
    ]
    made = [
        gr.File(label="Picture", visible=False),
        gr.File(label="Record", visible=False),
        gr.Textbox(label="State", visible=False),
    ]
    gr.Button(visible=False).click(
        _paint(service),
        given,
        made,
        api_name="paint",
        api_description=PAINT,
        show_progress="hidden",
        preprocess=False,
        **open_to_all,
    )
    api(_presets, api_name="presets", api_description=PRESETS, **open_to_all)
    api(_stop(service), api_name="stop", api_description=STOP, **open_to_all)


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
        with spoken():
            pictures = [file for file in (sent(content), sent(style)) if file is not None]
            if len(pictures) < len(IMAGE_INPUTS):
                raise PageError(
                    "two pictures are needed: content and style; send both, with gradio_client's handle_file"
                )
            asked = Settings(parse_base(preset), size, strength, colors, parse_seed(str(seed)))
            job = await service.ask_with(request.session_hash, pictures, asked)
            async for place in service.watch(request.session_hash, job):
                view = job.view
                told = words.state(job, view, place)
                if view.phase == "failed":
                    raise PageError(told)
                if view.phase == "done":
                    work = view.works[0]
                    yield str(work.picture), str(work.record), told
                else:
                    yield None, None, " ".join([told, *([words.details(view)] if view.snapshot else [])])

    return paint


async def _presets() -> list[dict[str, str]]:
    return [{"name": name, "title": choices.title(name), "says": choices.says(name)} for name in choices.offered()]


def _stop(service: Service) -> Any:
    async def stop(request: gr.Request) -> bool:
        with spoken():
            return service.stop(request.session_hash)

    return stop
