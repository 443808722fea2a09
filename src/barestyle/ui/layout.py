"""The page's layout: every component in its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from barestyle.presets import DEFAULT_PRESET
from barestyle.ui.controls import CONTROLS
from barestyle.ui.errors import to_sentence
from barestyle.ui.image_inputs import IMAGE_INPUTS, ImageInput, create_image_component, create_sample_buttons
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS
from barestyle.ui.service import MAX_LOOKS
from barestyle.ui.viewer import create_viewer

HEADER = """
<header>
<h1>barestyle</h1>
<p>Repaint a photo in the style of a painting, with a neural network that was never trained.</p>
</header>
"""

PAINT_LABEL = "Paint"
PAINT_SIDE_BY_SIDE_LABEL = "Paint side by side"


@dataclass(frozen=True)
class Components:
    """The components of the page that have events.

    Attributes:
        pictures: one for each of IMAGE_INPUTS.
        samples: thumbnails for each of IMAGE_INPUTS.
        single_tab, preset: choose one look.
        side_by_side_tab, presets: choose several looks.
        controls: one for each of CONTROLS.
        paint, stop: the buttons, of which one is visible.
        earlier: a place for an earlier result.
        about: a paragraph on the preset.
        viewer: shows the job.
    """

    pictures: tuple[gr.Image, ...]
    samples: tuple[gr.HTML, ...]
    single_tab: gr.Tab
    preset: gr.Radio
    side_by_side_tab: gr.Tab
    presets: gr.CheckboxGroup
    controls: tuple[Component, ...]
    paint: gr.Button
    stop: gr.Button
    earlier: gr.File
    about: gr.Markdown
    viewer: gr.HTML


def create_layout(limits: Limits) -> Components:
    """Create the components: the form in the left column, the viewer in the right one."""
    gr.HTML(HEADER, apply_default_css=False, elem_id="header")
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=4, min_width=320, elem_id="form"):
            with gr.Row(elem_id="inputs"):
                pictures, samples = zip(
                    *[_create_input_column(image_input) for image_input in IMAGE_INPUTS], strict=True
                )
            with gr.Tabs(elem_id="mode"):
                with gr.Tab("One picture") as single_tab:
                    preset = _create_preset_choice()
                with gr.Tab("Side by side") as side_by_side_tab:
                    presets = _create_preset_choices()
            basic = tuple(control.create(limits) for control in CONTROLS if not control.is_advanced)
            paint = gr.Button(PAINT_LABEL, variant="primary", size="lg", elem_id="paint")
            stop = gr.Button(variant="stop", size="lg", visible=False, elem_id="stop")
            with gr.Accordion("More options", open=False, elem_id="more"):
                advanced = tuple(control.create(limits) for control in CONTROLS if control.is_advanced)
                earlier = gr.File(
                    label="Load settings from an earlier result", height=110, elem_id="earlier", buttons=[]
                )
                about = gr.Markdown(explain_preset(DEFAULT_PRESET), elem_id="about")
        with gr.Column(scale=7, min_width=320, elem_id="result"):
            viewer = create_viewer()
    controls = (*basic, *advanced)
    return Components(
        pictures,
        samples,
        single_tab,
        preset,
        side_by_side_tab,
        presets,
        controls,
        paint,
        stop,
        earlier,
        about,
        viewer,
    )


def _create_input_column(image_input: ImageInput) -> tuple[gr.Image, gr.HTML]:
    with gr.Column(min_width=140):
        return create_image_component(image_input), create_sample_buttons(image_input)


def _create_preset_choice() -> gr.Radio:
    return gr.Radio(
        add_titles(LOOKS),
        value=DEFAULT_PRESET,
        label="Look",
        info=describe_preset(DEFAULT_PRESET),
        elem_id="preset",
        elem_classes="looks",
    )


def _create_preset_choices() -> gr.CheckboxGroup:
    return gr.CheckboxGroup(
        add_titles(LOOKS),
        value=[DEFAULT_PRESET],
        label="Looks",
        info=f"Choose 2 to {MAX_LOOKS} looks. They are painted one after the other.",
        elem_id="presets",
        elem_classes="looks",
    )


def add_titles(names: Iterable[str]) -> list[tuple[str, str | int | float]]:
    """Return presets as pairs of title and name."""
    return [(LOOKS[name].title, name) for name in names]


def describe_preset(name: str) -> str:
    """Return a sentence on what to expect of a preset."""
    return to_sentence(LOOKS[name].description)


def explain_preset(name: str) -> str:
    """Return a paragraph, in Markdown, on what a preset does."""
    look = LOOKS[name]
    details = look.details.replace("--strength", "the strength")
    return f"**{look.title}** is the preset `{name}`: {look.summary} ({look.source}). {details}"
