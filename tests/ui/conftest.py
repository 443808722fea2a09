"""Fixtures: the page served by the command in a process of its own, Chromium, and settings of small runs."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from barestyle import transfer
from barestyle.presets import preset
from barestyle.spec import Spec, with_settings
from barestyle.ui.compute import Compute
from barestyle.ui.instant_painter import InstantPainter
from barestyle.ui.instant_service import InstantService
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.library import Library
from barestyle.ui.limits import Limits
from barestyle.ui.page_service import PageService
from barestyle.ui.service import Service
from barestyle.ui.sessions import Sessions
from tests.browser import launch_chromium

if TYPE_CHECKING:
    from gradio_client import Client  # type: ignore[import-untyped]
    from playwright.sync_api import Browser, ConsoleMessage, Page

if importlib.util.find_spec("gradio") is None:
    collect_ignore_glob = ["test_*.py"]

OpenPage = Callable[..., "Page"]
READY = '.gradio-container[data-ready="true"]'
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 720}
MAX_UPLOAD = 2_000_000
TINY = with_settings(preset("bare-fast").spec, {"network.channels": 4, "optimizer.steps": 3, "scales.finest_steps": 3})
ENDLESS = with_settings(
    TINY,
    {
        "scales": "single",
        "size": 48,
        # L-BFGS would stop after some seconds, when the loss does not fall any more.
        "optimizer": "adam",
        "optimizer.steps": 10**9,
        "optimizer.patience": 10**9,
        "optimizer.tolerance": 0,
    },
)


@dataclass(frozen=True)
class Server:
    """A running server, and the folder of its files."""

    url: str
    process: subprocess.Popen[str]
    folder: Path

    def files(self) -> list[Path]:
        """Return all files that the server keeps."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def memory(self) -> int:
        """Return the bytes of memory in use."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def session_folders(self) -> set[Path]:
        """Return the folders of the sessions that are open."""
        return set((self.folder / "sessions").iterdir())


SHORT_SESSIONS = (
    "from barestyle.ui import page_session\npage_session.PAGE_TIMEOUT = page_session.EMPTY_TIMEOUT = 60.0\n"
)
"""Program text that ends a browser's session a minute after its page is closed."""

PROGRAM = "import sys; from barestyle.cli import main; sys.exit(main())"


@contextmanager
def serve_page(temporary: Path, *options: str, program: str = PROGRAM, port: int = 0) -> Iterator[Server]:
    """Run `barestyle ui` on a port, 0 for a free one; end it by Ctrl-C; check that it leaves no file and no error."""
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1", "HTTP_PROXY": "http://127.0.0.1:9"}
    arguments = [sys.executable, "-c", program, "ui", "--port", str(port), "--no-open", *options]
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=temporary
    )
    assert process.stdout is not None
    try:
        first_line = process.stdout.readline()
        match = re.search(r"http://\S+", first_line)
        assert match, first_line + (process.communicate()[1] if process.poll() is not None else "")
        (folder,) = temporary.glob("barestyle-ui-*/files")
        yield Server(match.group(), process, folder)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    # Gradio logs attempts to read files of the machine; nothing else may be logged.
    assert re.findall(r"^[\w.]+(?:Error|Exception|Warning)\b(?!.*was not uploaded by a user).*", errors, re.M) == []
    assert errors == "" or "was not uploaded by a user" in errors
    assert process.returncode == 0
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a process, which accepts files up to 2 MB."""
    options = ("--max-upload", f"{MAX_UPLOAD // 1_000_000}MB")
    with serve_page(tmp_path_factory.mktemp("page"), *options, program=SHORT_SESSIONS + PROGRAM) as server:
        yield server


@pytest.fixture(scope="module")
def client(page_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the API, for all tests of a module that do not need a session of their own."""
    from gradio_client import Client  # deferred: it comes with Gradio

    downloads = tmp_path_factory.mktemp("downloads")
    client = Client(page_server.url, verbose=False, analytics_enabled=False, download_files=downloads)
    yield client
    client.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole session: other tests cannot run an event loop while playwright does."""
    with launch_chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, page_server: Server) -> Iterator[OpenPage]:
    """A function that opens the page in a new browser context.

    The test fails at its end if a page has logged an error, or has requested anything beyond the server.
    """
    outside: list[str] = []
    errors: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # Gradio requests the progress of an upload that it refused, and features that are disabled.
        url = message.location["url"]
        is_expected = any(name in url for name in ("upload_progress", "mcp/schema", "monitoring/summary"))
        if message.type == "error" and not is_expected and message.text != "Response":
            errors.append(message.text)

    def open_page(viewport: dict[str, int] = DESKTOP) -> Page:
        context = browser.new_context(viewport=viewport, has_touch=viewport is PHONE)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        contexts.append(context)
        allowed = (page_server.url, "data:", "blob:")
        context.on("request", lambda request: None if request.url.startswith(allowed) else outside.append(request.url))
        context.route(lambda url: not url.startswith(allowed), lambda route: route.abort())
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", note)
        page.goto(page_server.url)
        page.wait_for_selector(READY)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert errors == []


@pytest.fixture
def page_service(tmp_path: Path) -> Iterator[PageService]:
    """The operations of the page with a queue, without a server."""
    root = tmp_path.resolve() / "root"
    root.mkdir()
    limits = Limits()
    job_queue = JobQueue(Compute(limits=limits))
    service = Service(Sessions(root), job_queue, limits)
    yield PageService(service, Library(limits))
    service.close()
    assert job_queue.close(30)


@pytest.fixture
def instant_service(page_service: PageService) -> Iterator[InstantService]:
    """The operations of instant pictures."""
    painter = InstantPainter(page_service.service.job_queue.compute)
    yield InstantService(page_service, painter)
    assert painter.close(30)


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until the condition holds; fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not hold in time"
        time.sleep(0.05)


def save_result(pictures: Path, folder: Path, spec: Spec, seed: int, steps: int | None = None) -> Path:
    """Save a result of the two pictures in a folder; with `steps`, of a run that was interrupted after as many."""
    calls = 0

    def should_stop() -> bool:
        nonlocal calls
        calls += 1
        return calls == steps

    result = transfer(pictures / "content.png", pictures / "style.jpg", spec, seed=seed, should_stop=should_stop)
    return result.save(folder / "earlier.png")


@pytest.fixture(scope="session")
def quick_result(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result with settings that paint in a moment."""
    return save_result(pictures, tmp_path_factory.mktemp("quick"), with_settings(TINY, {"size": 64}), seed=7)


@pytest.fixture(scope="session")
def endless_result(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result with settings that paint until the job is stopped."""
    return save_result(pictures, tmp_path_factory.mktemp("endless"), ENDLESS, seed=3, steps=2)
