"""The command itself: what it says, what it refuses, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

from tests.ui.conftest import ENDLESS, PROGRAM, Served, eventually, serving

COMMAND = [sys.executable, "-m", "barestyle", "ui", "--no-open"]


def refused(*options: str, code: str | None = None) -> str:
    """What the command says on its way out."""
    command = [sys.executable, "-c", code, *options] if code else [*COMMAND, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, "one sentence"
    return done.stderr


IMPATIENT = "import barestyle.ui.serve as serve; serve.PATIENCE = 0\n"


@pytest.mark.parametrize("program", [PROGRAM, IMPATIENT + PROGRAM], ids=["patient", "with a step that goes on"])
def test_it_ends_cleanly_in_the_middle_of_a_run(program: str, pictures: Path, tmp_path: Path) -> None:
    """The fixture asserts the rest: exit code 0, nothing said, nothing left."""
    with serving(tmp_path / "home", program=program) as served:
        client = Client(served.url, verbose=False, download_files=False)
        both = handle_file(pictures / "content.png"), handle_file(pictures / "style.jpg")
        job = client.submit(*both, ENDLESS.to_json(), api_name="/paint")
        eventually(lambda: job.outputs() and "Step" in job.outputs()[-1][2])
        assert served.files()
        served.process.send_signal(signal.SIGINT)
        with pytest.raises(AppError, match="The page is closing"):
            job.result(timeout=10)
        assert served.process.wait(30) == 0
        client.close()


def test_for_the_whole_network_in_a_browser_until_it_is_terminated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    opener = tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{opener} %s")
    with serving(tmp_path / "home", "--host", "0.0.0.0", "--open") as served:
        assert served.url.startswith("http://127.0.0.1:")
        assert served.process.stdout is not None
        assert served.process.stdout.readline().startswith("Anyone in this machine's network can use it")
        eventually(lambda: seen.exists() and seen.read_text())
        assert seen.read_text().strip() == served.url
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == 0


def test_a_port_that_is_taken(page_server: Served) -> None:
    port = page_server.url.rpartition(":")[2]
    said = refused("--port", port)
    assert said.startswith(
        f"barestyle: port {port} of 127.0.0.1 cannot be used (Address already in use); choose another"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-upload", "huge"), "--max-upload cannot be 'huge'; it takes a size like 50MB"),
        (("--device", "abacus"), "there is no device 'abacus'"),
        (("--precision", "half"), "precision cannot be 'half'"),
        (("--memory", "none"), "memory cannot be 'none'"),
        (("--host", "no.such.host.invalid"), "host 'no.such.host.invalid' cannot be used"),
    ],
)
def test_what_is_refused(options: tuple[str, ...], said: str) -> None:
    assert said in refused(*options)


def test_without_gradio_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['gradio'] = None; from barestyle.cli import main; sys.exit(main(['ui']))"
    assert refused(code=code) == "barestyle: the page needs gradio; install it with: pip install 'barestyle[ui]'\n"


def test_only_this_machine_is_listened_to(page_server: Served) -> None:
    port = int(page_server.url.rpartition(":")[2])
    others = {place[4][0] for place in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
    for host in {str(other) for other in others} - {"127.0.0.1"}:
        with socket.socket() as attempt:
            attempt.settimeout(2)
            assert attempt.connect_ex((host, port)) != 0
