"""The real page: the command in a process of its own, and small runs to give it."""

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

import psutil
import pytest

from barestyle import transfer
from barestyle.presets import preset
from barestyle.spec import Spec, with_settings

if importlib.util.find_spec("gradio") is None:
    collect_ignore_glob = ["test_*.py"]

MAX_UPLOAD = 2_000_000
TINY = with_settings(preset("bare-fast").spec, {"network.channels": 4, "optimizer.steps": 3, "scales.finest_steps": 3})
ENDLESS = with_settings(
    TINY,
    {
        "scales": "single",
        "size": 48,
        # L-BFGS would notice after seconds that it gets nowhere any more.
        "optimizer": "adam",
        "optimizer.steps": 10**9,
        "optimizer.patience": 10**9,
        "optimizer.tolerance": 0,
    },
)


@dataclass(frozen=True)
class Served:
    """A page that is being served, and where it keeps its files."""

    url: str
    process: subprocess.Popen[str]
    folder: Path

    def files(self) -> list[Path]:
        """Every file that it keeps."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def memory(self) -> int:
        """Bytes that it has in use."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


PROGRAM = "import sys; from barestyle.cli import main; sys.exit(main())"


@contextmanager
def serving(temporary: Path, *options: str, program: str = PROGRAM) -> Iterator[Served]:
    """The command `barestyle ui` on a free port; ended by Ctrl-C, after which nothing may be left of it."""
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1", "HTTP_PROXY": "http://127.0.0.1:9"}
    arguments = [sys.executable, "-c", program, "ui", "--port", "0", "--no-open", *options]
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=temporary
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, first + (process.communicate()[1] if process.poll() is not None else "")
        (folder,) = temporary.glob("barestyle-ui-*/files")
        yield Served(found.group(), process, folder)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    # Gradio logs who tries to reach into the machine; nothing else is said.
    assert re.findall(r"^[\w.]+(?:Error|Exception|Warning)\b(?!.*was not uploaded by a user).*", errors, re.M) == []
    assert errors == "" or "was not uploaded by a user" in errors
    assert process.returncode == 0
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One page for all tests of a process, which takes files of 2 MB."""
    with serving(tmp_path_factory.mktemp("page"), "--max-upload", f"{MAX_UPLOAD // 1_000_000}MB") as served:
        yield served


def eventually(holds: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something holds; fail where it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


def result_of(pictures: Path, folder: Path, spec: Spec, seed: int, steps: int | None = None) -> Path:
    """A result of the two pictures in a new folder, interrupted after so many steps."""
    seen = 0

    def enough() -> bool:
        nonlocal seen
        seen += 1
        return seen == steps

    result = transfer(pictures / "content.png", pictures / "style.jpg", spec, seed=seed, should_stop=enough)
    return result.save(folder / "earlier.png")


@pytest.fixture(scope="session")
def quick(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An earlier result whose settings paint in a moment."""
    return result_of(pictures, tmp_path_factory.mktemp("quick"), with_settings(TINY, {"size": 64}), seed=7)


@pytest.fixture(scope="session")
def endless(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An earlier result whose settings paint until somebody stops it."""
    return result_of(pictures, tmp_path_factory.mktemp("endless"), ENDLESS, seed=3, steps=2)
