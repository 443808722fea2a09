"""Whose files are whose, and that they go when their owner does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from barestyle.ui import sessions as module
from barestyle.ui.errors import PageError
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.jobs import Compute, PaintRequest
from barestyle.ui.sessions import Sessions, linked
from tests.ui.conftest import TINY


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    job_queue = JobQueue(Compute())
    yield Sessions(tmp_path.resolve(), job_queue)
    assert job_queue.close(30)


def sent(root: Path, name: str = "photo.png") -> Path:
    """A file as gradio puts it: in a folder of its own, by its content."""
    folder = root / "0123abcd"
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_bytes(b"what was sent")
    return file


def aged(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() - seconds,) * 2)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_visit_leaves_no_file(sessions: Sessions, tmp_path: Path) -> None:
    session_data = sessions.of("somebody")
    own = sessions.claim(sent(tmp_path), session_data.new_folder("content"))
    assert own.read_bytes() == b"what was sent"
    aged(sent(tmp_path), module.CLAIMED_SECONDS + 1)
    sessions.sweep()
    assert files(tmp_path) == [own], "the visit's own name for it stays"
    sessions.end("somebody")
    assert [path.name for path in tmp_path.iterdir()] == ["visits"]
    assert list((tmp_path / "visits").iterdir()) == []
    sessions.end("somebody")
    assert len(sessions) == 0


def test_a_file_that_two_sent_stays_for_the_second(sessions: Sessions, tmp_path: Path) -> None:
    for name in ("one", "other"):
        sessions.claim(sent(tmp_path), sessions.of(name).new_folder("content"))
    sessions.end("one")
    (left,) = files(tmp_path / "visits")
    assert left.read_bytes() == b"what was sent"


@pytest.mark.parametrize("session", ["../../escape", "/etc", "a\0b", "x" * 5000])
def test_a_sessions_name_is_no_path(sessions: Sessions, tmp_path: Path, session: str) -> None:
    folder = sessions.of(session).new_folder("content")
    assert folder.parent.parent == tmp_path / "visits"
    assert folder.parent.name.isalnum()


def test_only_what_was_sent_can_be_claimed(sessions: Sessions, tmp_path: Path) -> None:
    session_data = sessions.of("somebody")
    another = sessions.claim(sent(tmp_path), sessions.of("another").new_folder("content"))
    folder = session_data.new_folder("content")
    for place in (Path("/etc/hostname"), tmp_path / ".." / "x.png", another, Path("photo.png")):
        with pytest.raises(PageError, match="was not sent to this page"):
            sessions.claim(place, folder)
    with pytest.raises(PageError, match="is no longer here; send it again"):
        sessions.claim(tmp_path / "0123abcd" / "gone.png", folder)


def test_what_nobody_uses_goes_in_time(sessions: Sessions, tmp_path: Path) -> None:
    unfinished = tmp_path / "tmpabc"
    unfinished.write_bytes(b"half")
    unused = sent(tmp_path)
    deeper = tmp_path / "folder" / "in folder" / "state.json"
    deeper.parent.mkdir(parents=True)
    deeper.write_text("{}")
    sessions.sweep()
    assert set(files(tmp_path)) == {unused, unfinished, deeper}
    aged(unfinished, module.UNFINISHED_SECONDS + 1)
    sessions.sweep()
    assert set(files(tmp_path)) == {unused, deeper}
    for file in (unused, deeper):
        aged(file, module.UNCLAIMED_SECONDS + 1)
    sessions.sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["visits"]


def test_a_picture_that_is_replaced_goes_and_a_job_keeps_its_own(sessions: Sessions, pictures: Path) -> None:
    session_data = sessions.of("somebody")
    shelf = session_data.new_shelf("content")
    session_data.picked["content"] = linked(pictures / "content.png", shelf)
    request = PaintRequest(session_data.picked["content"], pictures / "style.jpg", TINY, 0, "Quick")
    job = sessions.begin(session_data, [request])
    session_data.new_shelf("content")
    assert not shelf.exists()
    assert session_data.picked == {}
    assert job.requests[0].content.read_bytes() == (pictures / "content.png").read_bytes()


def test_a_silent_client_is_forgotten_and_a_page_is_not(sessions: Sessions, tmp_path: Path) -> None:
    client, page = sessions.of("client"), sessions.of("page")
    page.patience = module.PAGE_SECONDS
    for session_data in (client, page):
        session_data.new_folder("content")
        session_data.seen -= module.CLIENT_SECONDS + 1
    sessions.sweep()
    assert not client.folder.exists()
    assert page.folder.exists()
    sessions.touch("client")
    assert len(sessions) == 1, "a sign of life from somebody forgotten begins no new visit"


def test_results_of_long_ago_make_room(sessions: Sessions, pictures: Path) -> None:
    session_data = sessions.of("somebody")
    request = PaintRequest(pictures / "content.png", pictures / "style.jpg", TINY, 0, "Quick")
    jobs = [sessions.begin(session_data, [request, request]) for _ in range(module.KEPT_JOBS + 2)]
    assert session_data.jobs == jobs[-module.KEPT_JOBS :]
    assert [job.folder.exists() for job in jobs] == [False] * 2 + [True] * module.KEPT_JOBS
    assert jobs[-1].requests[1].content.read_bytes() == (pictures / "content.png").read_bytes()
