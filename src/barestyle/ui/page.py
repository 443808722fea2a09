"""The page: its layout, and what happens when a control is used."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from barestyle.presets import preset
from barestyle.spec import Spec
from barestyle.ui import api, controls
from barestyle.ui.controls import CONTROLS
from barestyle.ui.form_values import Settings
from barestyle.ui.gradio_errors import translate_errors
from barestyle.ui.image_inputs import IMAGE_INPUTS, ImageInput, get_uploaded_file
from barestyle.ui.job_status import JobStatus
from barestyle.ui.layout import (
    PAINT_LABEL,
    PAINT_SIDE_BY_SIDE_LABEL,
    Components,
    add_titles,
    create_layout,
    describe_preset,
    explain_preset,
)
from barestyle.ui.looks import LOOKS, has_strength
from barestyle.ui.service import LOADED, Service
from barestyle.ui.viewer import make_viewer_value

PRIVATE: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "concurrency_limit": None,
    "preprocess": False,
}
"""Options of the page's own events: not part of the API, not queued, and files are passed as they were uploaded."""


def build_page(service: Service) -> gr.Blocks:
    """Build the page, with the API."""
    page = gr.Blocks(title="barestyle", analytics_enabled=False, fill_width=True)
    with page:
        api.add_api(service)  # before the page's own events, which would take the names of the endpoints
        components = create_layout(service.limits)
        _connect_inputs(components, service)
        _connect_looks(components, service)
        _connect_earlier_result(components, service)
        _connect_buttons(components, service)
        _connect_session(page, service)
    # Jobs wait in the service's queue, which can report positions; nothing waits in gradio's.
    page.queue(default_concurrency_limit=None, api_open=False)
    return page


def _connect_session(page: gr.Blocks, service: Service) -> None:
    """Start a session when the page is opened and end it when it is closed."""

    async def open_page(request: gr.Request) -> None:
        service.open_page(request.session_hash)

    async def close_page(request: gr.Request) -> None:
        service.sessions.end(request.session_hash)

    page.load(open_page, None, None, **PRIVATE)
    page.unload(close_page)


def _connect_inputs(components: Components, service: Service) -> None:
    """Take a picture that is uploaded or chosen from the samples, and forget one that is removed."""
    for image_input, picture, samples in zip(IMAGE_INPUTS, components.pictures, components.samples, strict=True):
        picture.upload(_choose_upload(service, image_input), picture, picture, **PRIVATE)
        picture.clear(_clear_input(service, image_input), None, None, **PRIVATE)
        samples.click(_choose_sample(service, image_input), None, picture, **PRIVATE)


def _choose_upload(service: Service, image_input: ImageInput) -> Any:
    async def choose_upload(payload: Any, request: gr.Request) -> AsyncIterator[Any]:
        file = get_uploaded_file(payload)
        if file is None:
            return
        try:
            with translate_errors():
                preview = await service.choose_upload(request.session_hash, image_input, file)
        except gr.Error:
            yield None  # show the input as empty
            raise
        yield gr.skip() if preview is None else str(preview)

    return choose_upload


def _choose_sample(service: Service, image_input: ImageInput) -> Any:
    async def choose_sample(event: gr.EventData, request: gr.Request) -> Any:
        with translate_errors():
            preview = await service.choose_sample(request.session_hash, image_input, str(event.sample))
        return gr.skip() if preview is None else str(preview)

    return choose_sample


def _clear_input(service: Service, image_input: ImageInput) -> Any:
    async def clear_input(request: gr.Request) -> None:
        with translate_errors():
            service.clear_input(request.session_hash, image_input)

    return clear_input


def _connect_looks(components: Components, service: Service) -> None:
    """Describe the chosen look, and say whether the strength applies to it."""
    # One event with "always_last" for both triggers: a late answer about an earlier look never replaces a newer one's.
    triggers = [components.preset.change, components.single_tab.select]
    gr.on(triggers, **_follow_preset(components, service), trigger_mode="always_last")

    def update_strength(names: list[str]) -> Any:
        hint, is_adjustable = controls.make_strength_hint(names)
        return gr.update(info=hint, interactive=is_adjustable)

    triggers = [components.presets.change, components.side_by_side_tab.select]
    strength = _get_strength_slider(components)
    gr.on(triggers, update_strength, components.presets, strength, **PRIVATE, trigger_mode="always_last")


def _get_strength_slider(components: Components) -> Any:
    return components.controls[CONTROLS.index(controls.STRENGTH)]


def _follow_preset(components: Components, service: Service) -> dict[str, Any]:
    """Return the arguments of an event that updates hint, strength and paragraph for the chosen preset."""

    async def describe(name: str, request: gr.Request) -> tuple[Any, Any, Any]:
        with translate_errors():
            base = service.resolve_base(request.session_hash, name)
            spec = preset(base).spec if isinstance(base, str) else base
        is_adjustable = has_strength(spec)
        hint = controls.STRENGTH_HINT if is_adjustable else controls.NO_STRENGTH_HINT
        strength = gr.update(info=hint, interactive=is_adjustable)
        if name == LOADED:
            return gr.update(info="The look of the earlier result."), strength, "Settings of an earlier result."
        return gr.update(info=describe_preset(name)), strength, explain_preset(name)

    outputs = [components.preset, _get_strength_slider(components), components.about]
    return {"fn": describe, "inputs": components.preset, "outputs": outputs, **PRIVATE}


def _connect_earlier_result(components: Components, service: Service) -> None:
    """Load the settings of an earlier result into the form."""

    async def load(payload: Any, request: gr.Request) -> AsyncIterator[Any]:
        file = get_uploaded_file(payload)
        if file is None:
            return
        try:
            with translate_errors():
                settings = await service.load_settings(request.session_hash, file)
        except gr.Error:
            yield (None, *(gr.skip() for _ in (components.preset, *components.controls)))
            raise
        values = [control.format(settings, service.limits) for control in CONTROLS]
        yield (None, _select_base(settings), *values)
        gr.Info(f"Loaded the settings of {html.escape(file.name)}.", title="Settings")

    outputs = [components.earlier, components.preset, *components.controls]
    loading = components.earlier.upload(load, components.earlier, outputs, **PRIVATE)
    # A second result with another spec leaves the choice as it is, so that its change event does not fire.
    loading.success(**_follow_preset(components, service))


def _select_base(settings: Settings) -> Any:
    """Select a preset, or an extra entry for an earlier result's spec if it is not a preset's."""
    presets = add_titles(LOOKS)
    if isinstance(settings.base, Spec):
        return gr.update(choices=[*presets, (settings.title, LOADED)], value=LOADED)
    return gr.update(choices=presets, value=settings.base)


def _connect_buttons(components: Components, service: Service) -> None:
    """Paint when one button is pressed, with live updates, and stop when the other one is."""
    is_side_by_side = gr.State(False)

    def choose_mode(value: bool, label: str) -> Any:
        return lambda: (value, gr.update(value=label))

    outputs = [is_side_by_side, components.paint]
    components.single_tab.select(choose_mode(False, PAINT_LABEL), None, outputs, **PRIVATE)
    components.side_by_side_tab.select(choose_mode(True, PAINT_SIDE_BY_SIDE_LABEL), None, outputs, **PRIVATE)

    async def stop(request: gr.Request) -> None:
        with translate_errors():
            service.stop(request.session_hash)

    inputs = [is_side_by_side, components.preset, components.presets, *components.pictures, *components.controls]
    components.paint.click(_paint(service), inputs, [components.viewer, components.paint, components.stop], **PRIVATE)
    components.stop.click(stop, None, None, **PRIVATE)


def _paint(service: Service) -> Any:
    async def paint(
        request: gr.Request, is_side_by_side: bool, name: str, names: list[str], *values: Any
    ) -> AsyncIterator[tuple[Any, Any, Any]]:
        session_id = request.session_hash
        pictures, form = values[: len(IMAGE_INPUTS)], values[len(IMAGE_INPUTS) :]
        try:
            with translate_errors():
                if is_side_by_side:
                    service.check_look_count(names)
                bases = names if is_side_by_side else [service.resolve_base(session_id, name)]
                settings = [service.drop_unused_strength(controls.parse_settings(base, form)) for base in bases]
                job = service.create_job(
                    session_id, settings, [get_uploaded_file(picture) is not None for picture in pictures]
                )
                label = "Cancel"
                yield gr.skip(), gr.update(visible=False), gr.update(visible=True, value=label)
                await service.enqueue(session_id, job)
                async for status, position in service.watch(session_id, job):
                    value = make_viewer_value(job, status, position)
                    if status.is_over:
                        yield value, gr.update(visible=True), gr.update(visible=False)
                    elif (next_label := _make_stop_label(status, position)) != label:
                        label = next_label
                        yield value, gr.skip(), gr.update(value=label)
                    else:
                        yield value, gr.skip(), gr.skip()
        except gr.Error:
            yield gr.skip(), gr.update(visible=True), gr.update(visible=False)
            raise

    return paint


def _make_stop_label(status: JobStatus, position: int) -> str:
    """Return what the stop button says while a job is not over."""
    if status.phase == "painting":
        return "Stop and keep this version"
    return "Leave the queue" if position > 0 else "Cancel"
