"""Run the server, from opening the port to removing the last file."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import tempfile
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn
from filelock import FileLock, Timeout

from barestyle.ui.compute import Compute
from barestyle.ui.errors import PageError
from barestyle.ui.instant_painter import InstantPainter
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.library import Library
from barestyle.ui.sessions import Sessions

ENVIRONMENT = {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_HEARTBEAT_INTERVAL": "2"}
"""Options that gradio reads from the environment only: no telemetry, and seconds until a closed page is noticed."""

CLOSING_SECONDS = 0.5
"""Time for clients to receive the message that the server is shutting down."""

SHUTDOWN_TIMEOUT = 10
"""Seconds to wait for the current step and instant pictures after the server was told to stop."""


def serve(
    compute: Compute,
    host: str,
    port: int,
    *,
    announce: Callable[[str], None],
    open_browser: bool = False,
    styles: Path | None = None,
    kept_sessions: Path | None = None,
) -> bool:
    """Serve the page until SIGINT or SIGTERM, and return whether the threads that paint have ended, too.

    Args:
        compute: device, precision, memory and limits.
        host: name or address of this machine.
        port: 0 for any free one.
        announce: called with the page's address once it can be opened.
        open_browser: whether to open the page in a browser.
        styles: folder of styles that the page offers beside the shipped ones.
        kept_sessions: folder where sessions are kept for the next start; None to delete them at the end.

    Raises:
        PageError: the host, the port or a folder cannot be used.
    """
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(open_socket(host, port))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="barestyle-ui-"))).resolve()
        root = home / "files"
        root.mkdir()
        folders = {"GRADIO_TEMP_DIR": str(root), "TORCHINDUCTOR_CACHE_DIR": str(home / "torch")}
        stack.enter_context(_set_environment({**ENVIRONMENT, **folders}))
        # Imported here, because gradio reads the environment and creates its folder on import.
        from barestyle.ui.application import create_application

        job_queue = JobQueue(compute)
        painter = InstantPainter(compute)
        try:
            library = Library(compute.limits, styles)
            sessions = Sessions(root, kept_sessions)
            if kept_sessions is not None:
                stack.enter_context(lock_folder(kept_sessions))
            app, stop_streams = stack.enter_context(create_application(sessions, job_queue, painter, library))
            address = format_url(listening)

            def on_ready() -> None:
                announce(address)
                if open_browser:
                    webbrowser.open(address)

            def on_closing() -> None:
                job_queue.shut_down()
                painter.shut_down()
                stop_streams.set()

            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2)
            Server(config, on_ready, on_closing).run(sockets=[listening])
        finally:
            has_ended = close_threads(job_queue, painter, SHUTDOWN_TIMEOUT)
    return has_ended


def close_threads(job_queue: JobQueue, painter: InstantPainter, timeout: float) -> bool:
    """Shut down all that paints, wait up to `timeout` seconds for all together; return whether all have ended."""
    deadline = time.monotonic() + timeout
    painter.shut_down()
    has_queue_ended = job_queue.close(timeout)
    return painter.close(max(0.0, deadline - time.monotonic())) and has_queue_ended


class Server(uvicorn.Server):
    """uvicorn's server with two callbacks; it returns after a signal instead of raising it again."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_closing: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_closing = on_closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_closing()
        await asyncio.sleep(CLOSING_SECONDS)
        # uvicorn would log each connection that it cuts off from here on; the clients have been informed.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise the signal again after the shutdown, and SIGTERM would then end the program.
        self.force_exit = self.should_exit
        self.should_exit = True


@contextlib.contextmanager
def open_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Open a socket bound to an address. Raise PageError if that fails."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PageError(f"cannot use host {host!r} ({error.strerror}); omit --host for 127.0.0.1") from None
    with listening:
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except OSError as error:
            raise PageError(
                f"cannot use port {port} of {host} ({error.strerror}); choose another with --port, or 0 for a free one"
            ) from None
        yield listening


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keep other servers from using a folder of sessions. Raise PageError if one does."""
    lock = FileLock(folder / ".lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise PageError(
            f"another page uses the sessions in {str(folder)!r}; stop it, or give --keep-sessions another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()


def format_url(listening: socket.socket) -> str:
    """Return the URL of the page for a browser on this machine."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_private(host: str) -> bool:
    """Return whether only this machine can reach that host."""
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(address)).is_loopback for address in addresses)


@contextlib.contextmanager
def _set_environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables while entered."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
