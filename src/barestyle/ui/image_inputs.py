"""The two places for pictures, and the pictures that are at hand."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from barestyle import samples
from barestyle.atomic_files import write_atomically
from barestyle.errors import BarestyleError
from barestyle.images import read
from barestyle.plots.data_uri import jpeg_data_uri
from barestyle.ui import previews as frames
from barestyle.ui.errors import without_folder
from barestyle.ui.limits import Limits

THUMB_SIDE = 96


@dataclass(frozen=True)
class ImageInput:
    """A place for a picture: its name in a visit, what it is called, what to do there, and what is at hand for it."""

    name: str
    label: str
    placeholder: str
    at_hand: tuple[str, ...]
    file: Callable[[str], Path]


IMAGE_INPUTS = (
    ImageInput("content", "Photograph", "Drop a photograph\nor choose one", tuple(samples.PHOTOS), samples.photo),
    ImageInput("style", "Style", "Drop a painting\nor choose one", samples.STYLES, samples.style),
)


def sent(payload: Any) -> Path | None:
    """The file in what a component sends, as it came.

    gradio would open a picture, perhaps write it anew, and stop at what Pillow does not know; barestyle reads it by
    itself, with all its bits, colors and tags. So the page's events have `preprocess=False`.
    """
    path = payload.get("path") if isinstance(payload, dict) else None
    return Path(path) if isinstance(path, str) else None


def picture_input(image_input: ImageInput) -> gr.Image:
    """The component of a slot."""
    return gr.Image(
        label=image_input.label,
        type="filepath",
        sources=["upload"],
        buttons=[],
        placeholder=image_input.placeholder,
        height=168,
        elem_id=image_input.name,
        elem_classes="slot",
    )


def sample_buttons(image_input: ImageInput) -> gr.HTML:
    """Small pictures to choose from; a click says the sample's name."""
    buttons = "".join(_button(image_input, name) for name in image_input.at_hand)
    script = (
        "element.addEventListener('click', (event) => {"
        " const button = event.target.closest('button');"
        " if (button) trigger('click', { sample: button.dataset.sample }); });"
    )
    group = f'<div class="samples" role="group" aria-label="{image_input.label}s at hand">{buttons}</div>'
    return gr.HTML(group, js_on_load=script, apply_default_css=False, elem_id=f"{image_input.name}-samples")


def _button(image_input: ImageInput, name: str) -> str:
    with Image.open(image_input.file(name)) as picture:
        thumb = picture.convert("RGB")
    thumb.thumbnail((2 * THUMB_SIDE, THUMB_SIDE))
    label = html.escape(f"{image_input.label}: {name}")
    image = f'<img src="{jpeg_data_uri(thumb, frames.LIVE_QUALITY)}" alt="">'
    return f'<button type="button" data-sample="{name}" aria-label="{label}" title="{name}">{image}</button>'


def preview(file: Path, limits: Limits, folder: Path) -> Path:
    """Read a picture, and leave a small JPEG of it to show. Raises ImageError where it cannot be painted from."""
    try:
        picture = read(file, max_pixels=limits.max_pixels)
    except BarestyleError as error:
        raise type(error)(without_folder(str(error), file)) from None
    small = folder / f"{file.stem}-small.jpg"
    write_atomically(small, frames.view(picture.pixels, picture.alpha, frames.SLOT_SIDE))
    return small
