"""The page as an ASGI application."""

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
from starlette.staticfiles import StaticFiles

from barestyle.ui import theme
from barestyle.ui.errors import PageError
from barestyle.ui.file_routes import create_router
from barestyle.ui.gradio_errors import translate_errors
from barestyle.ui.instant_painter import InstantPainter
from barestyle.ui.instant_service import InstantService
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.library import Library
from barestyle.ui.middleware import OUTBOUND_REFUSAL, RequestLimits
from barestyle.ui.page import build_page
from barestyle.ui.page_service import PageService
from barestyle.ui.service import Service
from barestyle.ui.session_cookie import SessionCookie
from barestyle.ui.sessions import Sessions

logger = logging.getLogger(__name__)

CLEAN_UP_SECONDS = 2.0
"""Time between two rounds of deleting old uploads."""

SESSION_CAPACITY = 256
"""Sessions whose component values gradio keeps; the oldest lose them first."""


@contextlib.contextmanager
def create_application(
    sessions: Sessions, job_queue: JobQueue, painter: InstantPainter, library: Library
) -> Iterator[tuple[FastAPI, asyncio.Event]]:
    """Create the application, and the event that ends its open streams."""
    service = Service(sessions, job_queue, job_queue.compute.limits)
    page_service = PageService(service, library)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        cleaning = asyncio.create_task(_clean_up_regularly(service))
        yield
        cleaning.cancel()
        service.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(RequestLimits, max_upload=service.limits.max_upload)
    app.add_middleware(SessionCookie)
    app.include_router(create_router(page_service))
    app.mount("/studio", StaticFiles(directory=str(files("barestyle.ui") / "web")))
    page = build_page(page_service, InstantService(page_service, painter))
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme.create_theme(),
        css=theme.load_css(),
        favicon_path=str(files("barestyle.ui") / "icon.svg"),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=service.limits.max_upload,
    )
    # Only `launch` sets this. Without it, a client could pass any file of this machine as its upload.
    page.has_launched = True
    page.state_session_capacity = SESSION_CAPACITY
    gradio_app: Any = next(route.app for route in app.routes if isinstance(route, Mount) and route.path == "")
    gradio_app.state_holder.capacity = SESSION_CAPACITY
    with _refuse_downloads():
        yield app, gradio_app.stop_event


async def _clean_up_regularly(service: Service) -> None:
    while True:
        await asyncio.sleep(CLEAN_UP_SECONDS)
        service.make_way()
        try:
            service.sessions.clean_up()
        except OSError:  # a file was renamed meanwhile, or the disk is full; the next round may succeed
            logger.debug("clean-up was cut short", exc_info=True)


@contextlib.contextmanager
def _refuse_downloads() -> Iterator[None]:
    """While entered, make gradio refuse a URL in place of a file; otherwise it would download it."""

    async def refuse(*_: Any, **__: Any) -> str:
        with translate_errors():
            raise PageError(OUTBOUND_REFUSAL)

    original = processing_utils.async_ssrf_protected_download
    processing_utils.async_ssrf_protected_download = refuse
    try:
        yield
    finally:
        processing_utils.async_ssrf_protected_download = original
