"""Sessions keep their files apart, and leave none when they end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from barestyle.ui import sessions as module
from barestyle.ui.compute import PaintRequest
from barestyle.ui.errors import PageError
from barestyle.ui.sessions import Sessions, link_file
from tests.ui.conftest import TINY


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path.resolve())


def upload(root: Path, name: str = "photo.png") -> Path:
    """Store a file as gradio does, in a folder that is named by its content."""
    folder = root / "0123abcd"
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_bytes(b"content")
    return file


def make_older(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() - seconds,) * 2)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_an_ended_session_leaves_no_file(sessions: Sessions, tmp_path: Path) -> None:
    linked = sessions.claim_upload(upload(tmp_path), sessions.get("one").new_folder("content"))
    assert linked.read_bytes() == b"content"
    make_older(upload(tmp_path), module.CLAIMED_SECONDS + 1)
    sessions.clean_up()
    assert files(tmp_path) == [linked], "the session has its own link"
    sessions.end("one")
    assert [path.name for path in tmp_path.iterdir()] == ["sessions"]
    assert list((tmp_path / "sessions").iterdir()) == []
    sessions.end("one")
    assert len(sessions) == 0


def test_a_file_that_two_sessions_uploaded_stays_for_the_second(sessions: Sessions, tmp_path: Path) -> None:
    for name in ("one", "two"):
        sessions.claim_upload(upload(tmp_path), sessions.get(name).new_folder("content"))
    sessions.end("one")
    (remaining,) = files(tmp_path / "sessions")
    assert remaining.read_bytes() == b"content"


@pytest.mark.parametrize("session_id", ["../../escape", "/etc", "a\0b", "x" * 5000])
def test_a_session_id_is_never_used_as_a_path(sessions: Sessions, tmp_path: Path, session_id: str) -> None:
    folder = sessions.get(session_id).new_folder("content")
    assert folder.parent.parent == tmp_path / "sessions"
    assert folder.parent.name.isalnum()


def test_a_session_needs_an_id(sessions: Sessions) -> None:
    with pytest.raises(PageError, match="no session_hash"):
        sessions.get(None)


def test_only_uploads_can_be_claimed(sessions: Sessions, tmp_path: Path) -> None:
    other = sessions.claim_upload(upload(tmp_path), sessions.get("other").new_folder("content"))
    folder = sessions.get("one").new_folder("content")
    for path in (Path("/etc/hostname"), tmp_path / ".." / "x.png", other, Path("photo.png")):
        with pytest.raises(PageError, match="was not uploaded to this page"):
            sessions.claim_upload(path, folder)
    with pytest.raises(PageError, match="was deleted after a while; upload it again"):
        sessions.claim_upload(tmp_path / "0123abcd" / "gone.png", folder)


def test_unused_uploads_are_deleted_in_time(sessions: Sessions, tmp_path: Path) -> None:
    partial = tmp_path / "tmpabc"
    partial.write_bytes(b"half")
    unused = upload(tmp_path)
    nested = tmp_path / "folder" / "in folder" / "state.json"
    nested.parent.mkdir(parents=True)
    nested.write_text("{}")
    sessions.clean_up()
    assert set(files(tmp_path)) == {unused, partial, nested}
    make_older(partial, module.PARTIAL_SECONDS + 1)
    sessions.clean_up()
    assert set(files(tmp_path)) == {unused, nested}
    for file in (unused, nested):
        make_older(file, module.UNCLAIMED_SECONDS + 1)
    sessions.clean_up()
    assert [path.name for path in tmp_path.iterdir()] == ["sessions"]


def test_a_replaced_picture_is_deleted_and_a_job_keeps_its_link(sessions: Sessions, pictures: Path) -> None:
    session = sessions.get("one")
    upload_dir = session.replace_upload_dir("content")
    session.files["content"] = link_file(pictures / "content.png", upload_dir)
    job = session.create_job([PaintRequest(session.files["content"], pictures / "style.jpg", TINY, 0, "Quick")])
    session.replace_upload_dir("content")
    assert not upload_dir.exists()
    assert session.files == {}
    assert job.requests[0].content.read_bytes() == (pictures / "content.png").read_bytes()


def test_a_client_times_out_before_a_page(sessions: Sessions) -> None:
    client, page = sessions.get("client"), sessions.get("page")
    page.timeout = module.PAGE_TIMEOUT
    for session in (client, page):
        session.new_folder("content")
        session.last_seen -= module.CLIENT_TIMEOUT + 1
    sessions.clean_up()
    assert not client.folder.exists()
    assert page.folder.exists()
    sessions.touch("client")
    assert len(sessions) == 1, "an ended session is not started again"


def test_ending_a_session_drops_its_jobs(sessions: Sessions, pictures: Path) -> None:
    job = sessions.get("one").create_job(
        [PaintRequest(pictures / "content.png", pictures / "style.jpg", TINY, 0, "Quick")]
    )
    sessions.end("one")
    assert job.is_dropped
    assert job.status.is_over


def test_the_oldest_jobs_are_removed(sessions: Sessions, pictures: Path) -> None:
    session = sessions.get("one")
    request = PaintRequest(pictures / "content.png", pictures / "style.jpg", TINY, 0, "Quick")
    jobs = [session.create_job([request, request]) for _ in range(module.MAX_JOBS + 2)]
    assert session.jobs == jobs[-module.MAX_JOBS :]
    assert [job.folder.exists() for job in jobs] == [False] * 2 + [True] * module.MAX_JOBS
    assert jobs[-1].requests[1].content.read_bytes() == (pictures / "content.png").read_bytes()
