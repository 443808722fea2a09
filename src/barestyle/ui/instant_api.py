"""The part of the public API that applies trained styles."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.events import api

from barestyle.ui.api import PUBLIC, add_file_endpoint, get_uploaded_file
from barestyle.ui.errors import PageError
from barestyle.ui.gradio_errors import translate_errors
from barestyle.ui.instant_service import InstantService
from barestyle.ui.trained_styles import list_shipped

APPLY = (
    "Paint the content in a trained style at once, as `barestyle apply` does, without the queue. `style` is a name "
    "from /trained_styles; or `style_file` is a .style file, of which `style` names one of the styles, by default the "
    "first. `size` is the long side in pixels, by default the content's. `strength` is 0 to 1. Returns the picture (a "
    "PNG with its record inside), and the record as JSON."
)
TRAINED_STYLES = "List the names of the trained styles that come with barestyle."


def add_instant_api(instant: InstantService) -> None:
    """Add the endpoints to the page that is being built."""
    inputs = [
        gr.File(label="Photo", visible=False),
        gr.Textbox("", label="Style", visible=False),
        gr.File(label="Style file", visible=False),
        gr.Number(label="Size", precision=0, visible=False),
        gr.Number(1.0, label="Strength", visible=False),
    ]
    outputs = [gr.File(label="Picture", visible=False), gr.File(label="Record", visible=False)]
    add_file_endpoint(_apply(instant), "apply", APPLY, inputs, outputs)
    api(_list_trained_styles, api_name="trained_styles", api_description=TRAINED_STYLES, **PUBLIC)


def _apply(instant: InstantService) -> Any:
    async def apply(
        request: gr.Request,
        content: Any,
        style: str = "",
        style_file: Any = None,
        size: int | None = None,
        strength: float = 1.0,
    ) -> tuple[str, str]:
        with translate_errors():
            photo = get_uploaded_file(content)
            if photo is None:
                raise PageError("content must be a file; send it with gradio_client's handle_file")
            picture = await instant.apply(
                request.session_hash, photo, get_uploaded_file(style_file), str(style or ""), size, strength
            )
            return str(picture), f"{picture}.json"

    return apply


async def _list_trained_styles() -> list[str]:
    return [style.file.stem for style in list_shipped().values()]
