"""The command: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

from barestyle.cli import main
from barestyle.ui.compute import Compute
from barestyle.ui.errors import PageError
from barestyle.ui.instant_painter import InstantPainter
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.serve import close_threads, lock_folder
from tests.ui.conftest import ENDLESS, PROGRAM, Server, serve_page, wait_until

NO_TIMEOUT = "import barestyle.ui.serve as serve; serve.SHUTDOWN_TIMEOUT = 0\n"


@pytest.mark.parametrize(
    "program",
    [PROGRAM, pytest.param(NO_TIMEOUT + PROGRAM, marks=pytest.mark.slow)],
    ids=["step has ended", "step is still running"],
)
def test_ctrl_c_during_a_run_ends_cleanly(program: str, pictures: Path, tmp_path: Path) -> None:
    """`serve_page` asserts the rest: exit code 0, no error, no file left."""
    with serve_page(tmp_path / "home", program=program) as server:
        client = Client(server.url, verbose=False, download_files=False)
        inputs = handle_file(pictures / "content.png"), handle_file(pictures / "style.jpg")
        job = client.submit(*inputs, ENDLESS.to_json(), api_name="/paint")
        wait_until(lambda: job.outputs() and "Step" in job.outputs()[-1][2])
        assert server.files()
        server.process.send_signal(signal.SIGINT)
        with pytest.raises(AppError, match="The server is shutting down"):
            job.result(timeout=10)
        assert server.process.wait(30) == 0
        client.close()


@pytest.mark.slow
def test_network_host_browser_and_sigterm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened_url = tmp_path / "opened-url"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened_url}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    with serve_page(tmp_path / "home", "--host", "0.0.0.0", "--open") as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.process.stdout is not None
        assert server.process.stdout.readline().startswith("Anyone on this network can use the page")
        wait_until(lambda: opened_url.exists() and opened_url.read_text())
        assert opened_url.read_text().strip() == server.url
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0


def test_the_queue_and_instant_pictures_are_waited_for_together() -> None:
    """One deadline for both, and neither takes more while the other ends."""
    may_end = threading.Event()
    timeouts: list[float] = []

    class Queue(JobQueue):
        def close(self, timeout: float) -> bool:
            with pytest.raises(PageError, match="shutting down"):
                asyncio.run(painter.run(may_end.wait, 0.0, None))
            time.sleep(timeout)
            return super().close(30)

    class Painter(InstantPainter):
        def close(self, timeout: float) -> bool:
            timeouts.append(timeout)
            return super().close(timeout)

    painter = Painter(Compute())

    async def paint_and_close() -> None:
        running = asyncio.create_task(painter.run(may_end.wait, 0.0, None))
        await asyncio.sleep(0)
        try:
            assert not await asyncio.to_thread(close_threads, Queue(Compute()), painter, 0.2)
        finally:
            may_end.set()
        await running

    asyncio.run(paint_and_close())
    assert timeouts == [0.0], "the queue has taken all"
    assert painter.close(30)


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Run the command with options that it refuses, and return its one sentence."""
    assert main(["ui", "--no-open", *options]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1, "one sentence"
    return printed.err


def test_a_port_in_use_is_refused(page_server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    port = page_server.url.rpartition(":")[2]
    assert refusal(capsys, "--port", port).startswith(
        f"barestyle: cannot use port {port} of 127.0.0.1 (Address already in use); choose another"
    )


def test_two_servers_do_not_share_a_folder_of_sessions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with lock_folder(kept):
        assert refusal(capsys, "--port", "0", "--keep-sessions", str(kept)).startswith(
            f"barestyle: another page uses the sessions in {str(kept)!r}; stop it, or give"
        )
    with lock_folder(kept):
        pass  # it is free again


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--max-upload", "huge"), "--max-upload must be a size such as 50MB, not 'huge'"),
        (("--device", "abacus"), "'abacus'"),
        (("--precision", "half"), "'half'"),
        (("--memory", "none"), "'none'"),
        (("--host", "no.such.host.invalid"), "cannot use host 'no.such.host.invalid'"),
    ],
)
def test_invalid_options_are_refused(
    options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refusal(capsys, *options)


def test_without_gradio_the_message_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert refusal(capsys) == "barestyle: the page needs gradio; install it with: pip install 'barestyle[ui]'\n"


def test_only_this_machine_can_connect(page_server: Server) -> None:
    port = int(page_server.url.rpartition(":")[2])
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
    for address in {str(address) for address in addresses} - {"127.0.0.1"}:
        with socket.socket() as attempt:
            attempt.settimeout(2)
            assert attempt.connect_ex((address, port)) != 0
