"""The editor of regions: what it shows, and what was painted in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from barestyle.ui.regions import KEEP_COLOR, STYLE_COLORS, Samples


def create_editor() -> gr.ImageEditor:
    """Return the component, with a brush for each style and one for what is kept."""
    return gr.ImageEditor(
        label="Regions",
        show_label=False,
        type="numpy",
        sources=(),
        transforms=(),
        layers=False,
        buttons=[],
        height=340,
        brush=gr.Brush(default_size=40, colors=[*STYLE_COLORS, KEEP_COLOR], color_mode="fixed"),
        eraser=gr.Eraser(default_size=40),
        elem_id="region-editor",
    )


def make_editor_value(background: Samples, layer: Samples | None) -> dict[str, Any]:
    """Return the editor's value: a photo (H, W, 3), and the regions (H, W, 4) on it."""
    if layer is not None and layer.shape[:2] != background.shape[:2]:
        layer = None  # painted on another photo
    return {"background": background, "layers": [] if layer is None else [layer], "composite": None}


def write_editor_value(folder: Path, background: Samples, layer: Samples | None) -> dict[str, Any]:
    """Return the same value, with files that are written into `folder`.

    Of arrays gradio would make a file that is named by its content, and write it again while a browser reads it.
    """
    value = make_editor_value(background, layer)
    folder.mkdir(parents=True)
    Image.fromarray(background).save(folder / "photo.png", compress_level=1)
    for number, drawn in enumerate(value["layers"]):
        Image.fromarray(drawn).save(folder / f"regions-{number}.png", compress_level=1)
    layers = [str(folder / f"regions-{number}.png") for number in range(len(value["layers"]))]
    return {"background": str(folder / "photo.png"), "layers": layers, "composite": None}


def read_drawing(payload: Any, check: Callable[[Path], Path]) -> Samples | None:
    """Return the painted pixels (H, W, 4) of what the editor sends, or None if it was not used.

    Args:
        payload: not preprocessed: the background is not needed, and its file may be deleted by now.
        check: returns the path of a file that was uploaded, and raises PageError for any other.
    """
    if not isinstance(payload, dict):
        return None
    layers = []
    for layer in payload.get("layers") or ():
        path = Path(str(layer.get("path"))) if isinstance(layer, dict) else None
        if path is None or not path.exists():  # of an editor that is not open, whose files are deleted after a while
            return None
        with Image.open(check(path)) as image:
            layers.append(np.asarray(image.convert("RGBA")))
    if not layers:
        return None
    merged = layers[0].copy()
    for layer in layers[1:]:
        is_painted = layer[..., 3] > 0
        merged[is_painted] = layer[is_painted]
    return merged
