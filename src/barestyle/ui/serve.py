"""The server: from a free port to the last file removed."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from barestyle.ui.errors import PageError
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.jobs import Compute
from barestyle.ui.sessions import Sessions

ENVIRONMENT = {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_HEARTBEAT_INTERVAL": "2"}
"""What gradio can be told in no other way: to tell nobody anything, and to notice soon that somebody has left."""

FAREWELL_SECONDS = 0.5
"""So long all who look at a job have to learn that there will be nothing more to see."""

PATIENCE = 10
"""Seconds that a step may go on after the server was told to end."""


def serve(
    compute: Compute, host: str, port: int, *, announce: Callable[[str], None], open_browser: bool = False
) -> bool:
    """Serve the page until SIGINT or SIGTERM; whether all of it has ended then, and not a step still goes on.

    Args:
        easel: where and with what it is painted, and the limits.
        host: a name or address of this machine.
        port: 0 takes any free one.
        announce: is given the page's address once it can be opened.
        open_browser: open it, too.

    Raises PageError where the port cannot be had.
    """
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(bound(host, port))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="barestyle-ui-"))).resolve()
        root = home / "files"
        root.mkdir()
        folders = {"GRADIO_TEMP_DIR": str(root), "TORCHINDUCTOR_CACHE_DIR": str(home / "torch")}
        stack.enter_context(_environment({**ENVIRONMENT, **folders}))
        # Only now: gradio reads some of that while it is imported, and makes its folder at once.
        from barestyle.ui.application import application

        job_queue = JobQueue(compute)
        try:
            app, streams = stack.enter_context(application(Sessions(root, job_queue), job_queue))
            address = url(listening)

            def ready() -> None:
                announce(address)
                if open_browser:
                    webbrowser.open(address)

            def closing() -> None:
                job_queue.shut()
                streams.set()

            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2)
            Server(config, ready, closing).run(sockets=[listening])
        finally:
            ended = job_queue.close(PATIENCE)
    return ended


class Server(uvicorn.Server):
    """uvicorn's, which says when it is ready and when it closes, and leaves signals at that."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], closing: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._closing = closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing()
        await asyncio.sleep(FAREWELL_SECONDS)
        # Whoever is cut off now has been told; that it was cut off is no news.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # The original would raise the signal again once all is done, and SIGTERM would end the program there.
        self.force_exit = self.should_exit
        self.should_exit = True


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket at that address. Raises PageError where it cannot be had."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PageError(f"host {host!r} cannot be used ({error.strerror}); leave --host out for 127.0.0.1") from None
    with listening:
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
        except OSError as error:
            raise PageError(
                f"port {port} of {host} cannot be used ({error.strerror}); "
                "choose another with --port, or 0 for a free one"
            ) from None
        yield listening


def url(listening: socket.socket) -> str:
    """The address to open in this machine's browser."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_private(host: str) -> bool:
    """Whether only this machine can reach that host."""
    try:
        found = {place[4][0] for place in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(one)).is_loopback for one in found)


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
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
