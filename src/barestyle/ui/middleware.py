"""ASGI middleware that refuses large request bodies, and requests that would make the server fetch a URL."""

from __future__ import annotations

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM_BYTES = 1_000_000
"""What a request may have beside a file: names, settings, the form around it."""

OUTBOUND_REFUSAL = "this page does not download anything; upload the file itself"
OUTBOUND_PATHS = ("/file=http:", "/file=https:", "/proxy=")
"""Parts of a path with which gradio would fetch something from elsewhere."""


class RequestLimits:
    """Wrap an ASGI application; answer 403 to outbound requests and 413 to bodies larger than a file may be."""

    def __init__(self, app: ASGIApp, max_upload: int) -> None:
        self._app = app
        self._max_upload = max_upload
        self._max_body = max_upload + FORM_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if any(path in scope["path"] for path in OUTBOUND_PATHS):
            await _refuse(send, 403, OUTBOUND_REFUSAL)
            return
        content_length = dict(scope["headers"]).get(b"content-length", b"0")
        if content_length.isdigit() and int(content_length) > self._max_body:
            await _refuse(send, 413, describe_upload_limit(self._max_upload))
            return
        await self._app(scope, _LimitedBody(receive, self._max_body), send)


class _LimitedBody:
    """Receive a request's body, and report a disconnect once it is longer than `max_bytes`."""

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self._bytes_left = max_bytes

    async def __call__(self) -> Message:
        message = await self._receive()
        self._bytes_left -= len(message.get("body", b""))
        return message if self._bytes_left >= 0 else {"type": "http.disconnect"}


def describe_upload_limit(max_upload: int) -> str:
    """Return the message for a file above the limit in bytes."""
    limit = f"{max_upload / 1e6:g} MB"
    return f"the file is larger than {limit}; save it smaller, or restart the page with a larger --max-upload"


async def _refuse(send: Send, status: int, message: str) -> None:
    body = json.dumps({"detail": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
