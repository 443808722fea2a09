"""What does not get in: bodies larger than a picture may be, and errands outside."""

from __future__ import annotations

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM = 1_000_000
"""Bytes that a request may have beside a file: names, settings, the form around it."""

ERRAND = "this page fetches nothing from the network; send the file itself"
ERRANDS = ("/file=http:", "/file=https:", "/proxy=")
"""Parts of an address with which this library would fetch something from elsewhere."""


class Doors:
    """An ASGI application around another one, which refuses what is too much or leads outside."""

    def __init__(self, app: ASGIApp, max_upload: int) -> None:
        self._app = app
        self._most = max_upload + FORM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if any(errand in scope["path"] for errand in ERRANDS):
            await _refuse(send, 403, ERRAND)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._most:
            await _refuse(send, 413, too_large(self._most - FORM))
            return
        await self._app(scope, _Counted(receive, self._most), send)


class _Counted:
    """A request's body, which ends as if the sender had gone where there is more of it than may be."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else {"type": "http.disconnect"}


def too_large(most: int) -> str:
    """The sentence for a file above the limit in bytes."""
    size = f"{most / 1e6:g} MB"
    return f"a file of more than {size} is not taken; save it smaller, or start the page with a larger --max-upload"


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
