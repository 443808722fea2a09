"""ASGI middleware that gives each browser a cookie with a secret id, so that a refresh finds its session again."""

from __future__ import annotations

import re
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "barestyle-session"
MAX_AGE = 365 * 24 * 3600
"""Seconds for which a browser keeps the cookie."""

_PATTERN = re.compile(r"[A-Za-z0-9_-]{32}")


class SessionCookie:
    """Wrap an ASGI application; set the cookie where a page is loaded without one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in ("", "/")
        if not is_page or find_session_id(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                value = f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax"
                MutableHeaders(scope=message).append("set-cookie", value)
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def find_session_id(header: str) -> str | None:
    """Return the session id in a Cookie header, or None if there is no valid one."""
    try:
        cookie = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return check_session_id(cookie.value if cookie is not None else None)


def check_session_id(value: str | None) -> str | None:
    """Return a cookie's value if it can be a session id, or else None."""
    return value if value is not None and _PATTERN.fullmatch(value) else None
