"""The page's layout, and which control does what."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from barestyle.presets import DEFAULT_PRESET, PRESETS, preset
from barestyle.spec import Spec
from barestyle.ui import api, choices, controls
from barestyle.ui.controls import CONTROLS
from barestyle.ui.form_values import Settings
from barestyle.ui.gradio_errors import spoken
from barestyle.ui.image_inputs import IMAGE_INPUTS, ImageInput, picture_input, sample_buttons, sent
from barestyle.ui.limits import Limits
from barestyle.ui.service import EARLIER, Service
from barestyle.ui.viewer import shown, stage

OWN: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "concurrency_limit": None,
    "preprocess": False,
}
"""Of the page's own events: nobody calls them from outside, they wait for nobody, and take files as they come."""

ONE, SEVERAL = "Paint", "Paint side by side"
"""The two things that the one button can do, by what stands on it."""

HEAD = """
<header>
<h1>barestyle</h1>
<p>Photographs, repainted in the style of a painting by a network that nobody trained.</p>
</header>
"""


@dataclass(frozen=True)
class Parts:
    """What is on the page."""

    pictures: tuple[gr.Image, ...]
    samples: tuple[gr.HTML, ...]
    one: gr.Tab
    preset: gr.Radio
    several: gr.Tab
    presets: gr.CheckboxGroup
    controls: tuple[Component, ...]
    paint: gr.Button
    stop: gr.Button
    about: gr.Markdown
    earlier: gr.File
    stage: gr.HTML


def build(service: Service) -> gr.Blocks:
    """The page, and the API beside it."""
    page = gr.Blocks(title="barestyle", analytics_enabled=False, fill_width=True)
    with page:
        api.add(service)  # first, as whoever comes first gets the names
        gr.HTML(HEAD, apply_default_css=False, elem_id="head")
        parts = laid_out(service.limits)
        connect_pictures(parts, service)
        connect_settings(parts, service)
        connect_painting(parts, service)
        connect_visit(page, service)
    # What the queue of this library cannot say in words, our own line does; so nothing ever waits in this one.
    page.queue(default_concurrency_limit=None, api_open=False)
    return page


def connect_visit(page: gr.Blocks, service: Service) -> None:
    """Coming and going."""

    async def enter(request: gr.Request) -> None:
        service.enter(request.session_hash)

    async def leave(request: gr.Request) -> None:
        service.sessions.end(request.session_hash)

    page.load(enter, None, None, **OWN)
    page.unload(leave)


def laid_out(limits: Limits) -> Parts:
    """Every component in its place."""
    with gr.Row(elem_id="workshop"):
        with gr.Column(scale=4, min_width=320, elem_id="tools"):
            with gr.Row(elem_id="slots"):
                pictures, samples = zip(*[_place(image_input) for image_input in IMAGE_INPUTS], strict=True)
            with gr.Tabs(elem_id="how"):
                with gr.Tab("One picture") as one:
                    chosen = _preset()
                with gr.Tab("Side by side") as several:
                    presets = _presets()
            made = tuple(control.make(limits) for control in CONTROLS if not control.is_rare)
            paint = gr.Button(ONE, variant="primary", size="lg", elem_id="paint")
            stop = gr.Button("Stop, and keep what there is", variant="stop", size="lg", visible=False, elem_id="stop")
            with gr.Accordion("More", open=False, elem_id="more"):
                rare = tuple(control.make(limits) for control in CONTROLS if control.is_rare)
                earlier = gr.File(
                    label="An earlier result, to begin from its settings", height=110, elem_id="earlier", buttons=[]
                )
                about = gr.Markdown(_about(DEFAULT_PRESET), elem_id="about")
        with gr.Column(scale=7, min_width=320, elem_id="gallery"):
            shows = stage()
    return Parts(pictures, samples, one, chosen, several, presets, (*made, *rare), paint, stop, about, earlier, shows)


def _place(image_input: ImageInput) -> tuple[gr.Image, gr.HTML]:
    with gr.Column(min_width=140):
        return picture_input(image_input), sample_buttons(image_input)


def _preset() -> gr.Radio:
    return gr.Radio(
        _named(choices.offered()),
        value=DEFAULT_PRESET,
        label="Manner",
        info=_says(DEFAULT_PRESET),
        elem_id="preset",
        elem_classes="manners",
    )


def _presets() -> gr.CheckboxGroup:
    return gr.CheckboxGroup(
        _named(choices.offered()),
        value=[DEFAULT_PRESET],
        label="Manners",
        info="Choose two, three or four; they are painted one after the other.",
        elem_id="presets",
        elem_classes="manners",
    )


def _named(names: Sequence[str] | dict[str, Any]) -> list[tuple[str, str | int | float]]:
    return [(choices.title(name), name) for name in names]


def _says(name: str) -> str:
    line = choices.says(name)
    return f"{line[:1].upper()}{line[1:]}."


def _about(name: str) -> str:
    """A preset for whoever wants to know exactly."""
    known = PRESETS[name]
    about = known.about.replace("--strength", "the strength")
    return f"**{choices.title(name)}** is the preset `{name}`: {known.summary} ({known.source}). {about}"


def connect_pictures(parts: Parts, service: Service) -> None:
    """Choosing the two pictures: sent, at hand, or taken away again."""
    for image_input, picture, at_hand in zip(IMAGE_INPUTS, parts.pictures, parts.samples, strict=True):
        picture.upload(_pick(service, image_input), picture, picture, **OWN)
        picture.clear(_put_back(service, image_input), None, None, **OWN)
        at_hand.click(_pick_sample(service, image_input), None, picture, **OWN)


def _pick(service: Service, image_input: ImageInput) -> Any:
    async def pick(payload: Any, request: gr.Request) -> AsyncIterator[Any]:
        file = sent(payload)
        if file is None:
            return
        try:
            with spoken():
                small = await service.pick(request.session_hash, image_input, file)
        except gr.Error:
            yield None  # what was refused should not be seen in its place
            raise
        yield gr.skip() if small is None else str(small)

    return pick


def _pick_sample(service: Service, image_input: ImageInput) -> Any:
    async def pick_sample(event: gr.EventData, request: gr.Request) -> Any:
        with spoken():
            small = await service.pick_sample(request.session_hash, image_input, str(event.sample))
        return gr.skip() if small is None else str(small)

    return pick_sample


def _put_back(service: Service, image_input: ImageInput) -> Any:
    async def put_back(request: gr.Request) -> None:
        with spoken():
            service.put_back(request.session_hash, image_input)

    return put_back


def connect_settings(parts: Parts, service: Service) -> None:
    """What follows from a choice of preset, and an earlier result that sets everything."""
    strength = parts.controls[CONTROLS.index(controls.STRENGTH)]

    async def changed(name: str, request: gr.Request) -> tuple[Any, Any, Any]:
        with spoken():
            base = service.base(request.session_hash, name)
            known = preset(base).spec if isinstance(base, str) else base
        takes = choices.takes_strength(known)
        told = controls.STRENGTH_SAYS if takes else controls.NO_STRENGTH_SAYS
        slider = gr.update(info=told, interactive=takes)
        if name == EARLIER:
            return gr.update(info="As the earlier result was painted."), slider, "The settings of an earlier result."
        return gr.update(info=_says(name)), slider, _about(name)

    def several_chosen(names: list[str]) -> Any:
        told, takes = controls.strength_of_several(names)
        return gr.update(info=told, interactive=takes)

    async def load(payload: Any, request: gr.Request) -> AsyncIterator[Any]:
        file = sent(payload)
        if file is None:
            return
        untouched = (gr.skip(),) * (1 + len(parts.controls))
        try:
            with spoken():
                found = await service.load(request.session_hash, file)
        except gr.Error:
            yield (None, *untouched)
            raise
        yield (None, _loaded_preset(found), *(control.shown(found, service.limits) for control in CONTROLS))
        gr.Info(f"The settings of {html.escape(file.name)} are loaded.", title="Settings")

    follows: dict[str, Any] = {"inputs": parts.preset, "outputs": [parts.preset, strength, parts.about], **OWN}
    parts.preset.change(changed, **follows)
    loading = parts.earlier.upload(load, parts.earlier, [parts.earlier, parts.preset, *parts.controls], **OWN)
    parts.one.select(changed, **follows)
    for event in (parts.presets.change, parts.several.select):
        event(several_chosen, inputs=parts.presets, outputs=strength, **OWN)
    loading.success(changed, **follows)  # of two earlier results one after the other the choice stays, but not its spec


def _loaded_preset(found: Settings) -> Any:
    """The choice of presets with an earlier result's settings among them, where they are no preset's."""
    named = _named(choices.offered())
    if isinstance(found.base, Spec):
        return gr.update(choices=[*named, (found.title, EARLIER)], value=EARLIER)
    return gr.update(choices=named, value=found.base)


def connect_painting(parts: Parts, service: Service) -> None:
    """The button that begins, and the one that ends."""
    side_by_side = gr.State(False)
    for tab, value, label in ((parts.one, False, ONE), (parts.several, True, SEVERAL)):
        tab.select(
            lambda value=value, label=label: (value, gr.update(value=label)), None, [side_by_side, parts.paint], **OWN
        )

    async def paint(
        request: gr.Request, several: bool, name: str, names: list[str], *rest: Any
    ) -> AsyncIterator[tuple[Any, Any, Any]]:
        pictures, values = rest[: len(IMAGE_INPUTS)], rest[len(IMAGE_INPUTS) :]
        idle = gr.update(visible=True), gr.update(visible=False)
        busy, as_before = idle[::-1], (gr.skip(), gr.skip())
        try:
            with spoken():
                bases = service.several(names) if several else [service.base(request.session_hash, name)]
                asked = [service.fitting(controls.assembled(base, values)) for base in bases]
                job = await service.ask(
                    request.session_hash, asked, [sent(picture) is not None for picture in pictures]
                )
                buttons = busy
                async for place in service.watch(request.session_hash, job):
                    yield (shown(job, place), *(idle if job.view.is_over else buttons))
                    buttons = as_before
        except gr.Error:
            yield (gr.skip(), *idle)
            raise

    async def stop(request: gr.Request) -> None:
        with spoken():
            service.stop(request.session_hash)

    given = [side_by_side, parts.preset, parts.presets, *parts.pictures, *parts.controls]
    parts.paint.click(paint, given, [parts.stage, parts.paint, parts.stop], **OWN)
    parts.stop.click(stop, None, None, **OWN)
