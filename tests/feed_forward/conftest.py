"""Fixtures: ONNX Runtime for browsers, and Chromium with a camera that shows a test picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from barestyle.errors import WebRuntimeError
from barestyle.feed_forward.web_runtime import WebRuntime, load_runtime
from tests.browser import launch_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAKE_CAMERA = ("--use-fake-device-for-media-stream=device-count=2", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="session")
def web_runtime() -> WebRuntime:
    """The runtime from the user's cache or from npm; a fixture of the session sees the user's own environment."""
    try:
        return load_runtime()
    except WebRuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole session: other tests cannot run an event loop while playwright does."""
    with launch_chromium(*FAKE_CAMERA) as browser:
        yield browser
