"""The page: its components, and the events that go through gradio."""

from __future__ import annotations

import itertools
import secrets
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr

from barestyle.ui import api, instant_api
from barestyle.ui.earlier_results import replace_fields
from barestyle.ui.form import Form
from barestyle.ui.gradio_errors import translate_errors
from barestyle.ui.instant_service import InstantService
from barestyle.ui.page_service import PageService
from barestyle.ui.region_editor import create_editor, read_drawing, write_editor_value
from barestyle.ui.remote_calls import ALREADY_QUEUED, answer, create_calls, session_id_of

HEADER = """
<header>
<h1>barestyle</h1>
<p>Repaint a photo in the style of a painting: with an untrained network, or at once with a trained one.</p>
</header>
"""

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
"""Options of the page's own events: not part of the API, and not queued."""

REGIONS_HINT = (
    "Paint where each style applies: red for the first, blue for the second, yellow for the third. "
    "Green keeps the photo. Unpainted parts get the styles that have no region, or else the first."
)


def build_page(service: PageService, instant: InstantService) -> gr.Blocks:
    """Build the page, with the API."""
    page = gr.Blocks(title="barestyle", analytics_enabled=False, fill_width=True)
    with page:
        instant_api.add_instant_api(instant)
        api.add_api(service.service)  # before the page's own events, which would take the names of the endpoints
        gr.HTML(HEADER, apply_default_css=False, elem_id="header")
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=4, min_width=320, elem_id="form"):
                form = _create_part("form", elem_id="settings", server_functions=create_calls(service, instant))
                with gr.Accordion("Regions and protected parts", open=False, elem_id="regions"):
                    gr.HTML(f"<p class='info'>{REGIONS_HINT}</p>", apply_default_css=False)
                    editor = create_editor()
                    mask = gr.UploadButton(
                        "Load a mask: white keeps the photo, colors are regions", elem_id="mask", file_types=["image"]
                    )
                paint = _create_part("paint", elem_id="paint-bar")
            with gr.Column(scale=7, min_width=320, elem_id="result"):
                _create_part("stage", elem_id="viewer")
        _create_part("crop", elem_id="crop")
        _connect_editor(service, form, editor, mask)
        _connect_paint(service, paint, editor)
        api.end_sessions(page, service.service)
    # Jobs wait in the service's queue, which can report positions; nothing waits in gradio's.
    page.queue(default_concurrency_limit=None, api_open=False)
    return page


def _create_part(name: str, **options: Any) -> gr.HTML:
    """Return a component that the page's script fills or connects; it may have HTML and CSS of its own."""
    folder = files("barestyle.ui") / "web"
    template, css = folder / f"{name}.html", folder / f"{name}.css"
    calls = "server" if "server_functions" in options else "null"
    script = (
        'import(new URL("studio/main.js", document.baseURI).href).then((page) => page.add('
        f'"{name}", {{ element, props, trigger, watch, upload, server: {calls} }}))'
    )
    return gr.HTML(
        {},
        html_template=template.read_text(encoding="utf-8") if template.is_file() else "<div></div>",
        css_template=css.read_text(encoding="utf-8") if css.is_file() else "",
        js_on_load=script,
        apply_default_css=False,
        **options,
    )


def _connect_editor(service: PageService, form: gr.HTML, editor: gr.ImageEditor, mask: gr.UploadButton) -> None:
    """Show the chosen photo in the editor, with the regions that are painted or loaded."""
    numbers = itertools.count(1)

    def new_folder() -> Path:
        # Among the uploads, which are deleted after a while.
        return service.service.sessions.root / "editor" / secrets.token_hex(8)

    async def show_photo(event: gr.EventData, request: gr.Request) -> Any:
        with translate_errors():
            session = service.get_session(session_id_of(request))
            if not event.photo:
                return None
            layer = session.load_regions(str(event.regions)) if event.regions else None
            return write_editor_value(new_folder(), await service.read_preview(session, str(event.photo)), layer)

    async def load_mask(payload: Any, request: gr.Request) -> tuple[Any, Any]:
        upload = api.get_uploaded_file(payload)
        if upload is None:
            return gr.skip(), gr.skip()
        with translate_errors():
            session = service.get_session(session_id_of(request))
            layer = await service.read_map(session, upload, session.form.photo)
            value = write_editor_value(new_folder(), await service.read_preview(session, session.form.photo), layer)
            return value, {"regions": session.save_regions(layer), "number": next(numbers)}

    form.select(show_photo, None, editor, **PRIVATE)
    mask.upload(load_mask, mask, [editor, form], preprocess=False, **PRIVATE)


def _connect_paint(service: PageService, paint: gr.HTML, editor: gr.ImageEditor) -> None:
    """Queue what the form asks for; the answer is a refusal, a note, or empty, and the id of the regions."""
    numbers = itertools.count(1)

    async def submit(drawing: Any, event: gr.EventData, request: gr.Request) -> dict[str, Any]:
        values = event.form

        @answer
        async def queue(_: Any, request: gr.Request) -> Any:
            session = service.get_session(session_id_of(request))
            layer = read_drawing(drawing, service.service.sessions.check_upload)
            regions = values.get("regions", "") if layer is None else session.save_regions(layer)
            job = await service.paint(session, replace_fields(Form(), {**values, "regions": regions}))
            return {"regions": regions, "note": "" if job is not None else ALREADY_QUEUED}

        return {**await queue(None, request), "number": next(numbers)}

    paint.submit(submit, editor, paint, preprocess=False, **PRIVATE)
