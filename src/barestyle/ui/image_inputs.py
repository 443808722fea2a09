"""The two inputs for pictures, and their samples."""

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
from barestyle.plots.data_uri import jpeg_data_uri
from barestyle.ui import previews
from barestyle.ui.limits import Limits
from barestyle.ui.uploads import read_upload

THUMBNAIL_HEIGHT = 96


@dataclass(frozen=True)
class ImageInput:
    """An input for one picture.

    Attributes:
        name: identifies it in a session and in the page's HTML.
        label: what the page calls it.
        placeholder: shown while it is empty.
        samples: names of the pictures that can be chosen without a file.
        sample_file: returns the file of a sample.
    """

    name: str
    label: str
    placeholder: str
    samples: tuple[str, ...]
    sample_file: Callable[[str], Path]


IMAGE_INPUTS = (
    ImageInput("content", "Photo", "Choose a photo\nor drop it here", tuple(samples.PHOTOS), samples.photo),
    ImageInput("style", "Style", "Choose a painting\nor drop it here", samples.STYLES, samples.style),
)


def get_uploaded_file(payload: Any) -> Path | None:
    """Return the path in what a component sends, or None if it is empty.

    The page's events use it with `preprocess=False`: gradio would open the picture, perhaps save it again, and fail on
    what Pillow cannot read, but barestyle reads the file with all its bits, colors and tags.
    """
    path = payload.get("path") if isinstance(payload, dict) else None
    return Path(path) if isinstance(path, str) else None


def create_image_component(image_input: ImageInput) -> gr.Image:
    """Return the component of an input."""
    return gr.Image(
        label=image_input.label,
        type="filepath",
        sources=["upload"],
        buttons=[],
        placeholder=image_input.placeholder,
        height=168,
        elem_id=image_input.name,
        elem_classes="image-input",
    )


def create_sample_buttons(image_input: ImageInput) -> gr.HTML:
    """Return a row of thumbnails; a click sends an event with the sample's name."""
    buttons = "".join(_create_sample_button(image_input, name) for name in image_input.samples)
    script = (
        "element.addEventListener('click', (event) => {"
        " const button = event.target.closest('button');"
        " if (button) trigger('click', { sample: button.dataset.sample }); });"
    )
    group = f'<div class="samples" role="group" aria-label="{image_input.label} samples">{buttons}</div>'
    return gr.HTML(group, js_on_load=script, apply_default_css=False, elem_id=f"{image_input.name}-samples")


def _create_sample_button(image_input: ImageInput, name: str) -> str:
    with Image.open(image_input.sample_file(name)) as image:
        thumbnail = image.convert("RGB")
    thumbnail.thumbnail((2 * THUMBNAIL_HEIGHT, THUMBNAIL_HEIGHT))
    label = html.escape(f"{image_input.label}: {name}")
    tag = f'<img src="{jpeg_data_uri(thumbnail, previews.FRAME_QUALITY)}" alt="">'
    return f'<button type="button" data-sample="{name}" aria-label="{label}" title="{name}">{tag}</button>'


def write_preview(file: Path, limits: Limits, folder: Path) -> Path:
    """Read a picture, write a small JPEG of it into `folder`, and return its path. Raise what `read_upload` raises."""
    picture = read_upload(file, limits)
    preview = folder / f"{file.stem}-small.jpg"
    write_atomically(preview, previews.to_jpeg(picture.pixels, picture.alpha, previews.INPUT_SIDE))
    return preview
