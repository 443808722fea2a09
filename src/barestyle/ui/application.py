"""The page as an application that a server can run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio import processing_utils
from starlette.routing import Mount

from barestyle.ui import theme as look
from barestyle.ui.errors import PageError
from barestyle.ui.gradio_errors import spoken
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.middleware import ERRAND, Doors
from barestyle.ui.page import build
from barestyle.ui.service import Service
from barestyle.ui.sessions import Sessions

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 2.0
SESSIONS = 256
"""Of those, gradio remembers what their components show; beyond, the oldest begin anew."""


@contextlib.contextmanager
def application(sessions: Sessions, job_queue: JobQueue) -> Iterator[tuple[FastAPI, asyncio.Event]]:
    """The page as an ASGI application, and the event that ends its open streams."""
    service = Service(sessions, job_queue, job_queue.compute.limits)

    @contextlib.asynccontextmanager
    async def tended(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(_sweep(sessions))
        yield
        sweeping.cancel()
        service.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=tended)
    app.add_middleware(Doors, max_upload=service.limits.max_upload)
    page = build(service)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=look.theme(),
        css=look.css(),
        favicon_path=str(files("barestyle.ui") / "icon.svg"),
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=service.limits.max_upload,
    )
    # Only `launch` sets this; without it, a client could name any file of this machine as one that it sent.
    page.has_launched = True
    page.state_session_capacity = SESSIONS
    inner: Any = next(route.app for route in app.routes if isinstance(route, Mount))
    inner.state_holder.capacity = SESSIONS
    with _nothing_fetched():
        yield app, inner.stop_event


async def _sweep(sessions: Sessions) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            sessions.sweep()
        except OSError:  # an upload that has just got its name; or a disk that is full, which may pass
            logger.debug("sweeping was cut short", exc_info=True)


@contextlib.contextmanager
def _nothing_fetched() -> Iterator[None]:
    """While it is entered, gradio refuses an address in the place of a file; else it would fetch what lies there."""

    async def refuse(*_: Any, **__: Any) -> str:
        with spoken():
            raise PageError(ERRAND)

    before = processing_utils.async_ssrf_protected_download
    processing_utils.async_ssrf_protected_download = refuse
    try:
        yield
    finally:
        processing_utils.async_ssrf_protected_download = before
