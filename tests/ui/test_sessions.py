"""Sessions keep their files apart, and leave none when they end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from barestyle.ui import client_session, page_session
from barestyle.ui import sessions as module
from barestyle.ui.errors import PageError
from barestyle.ui.form import Form
from barestyle.ui.limits import Limits
from barestyle.ui.sessions import Sessions
from barestyle.ui.uploads import link_file
from tests.ui.test_jobs import make_request


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    root = tmp_path.resolve() / "root"
    root.mkdir()
    return Sessions(root)


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


def claim(sessions: Sessions, client: str) -> Path:
    """Upload a file and link it into a client's session."""
    claimed = sessions.claim_upload(upload(sessions.root))
    return link_file(claimed, sessions.get_client(client).new_folder("content"))


def test_an_ended_session_leaves_no_file(sessions: Sessions) -> None:
    linked = claim(sessions, "one")
    make_older(upload(sessions.root), module.CLAIMED_SECONDS + 1)
    sessions.clean_up()
    assert files(sessions.root) == [linked], "the session has its own link"
    sessions.end_client("one")
    assert [path.name for path in sessions.root.iterdir()] == ["sessions"]
    assert list((sessions.root / "sessions").iterdir()) == []
    sessions.end_client("one")
    assert len(sessions) == 0


def test_a_file_that_two_sessions_uploaded_stays_for_the_second(sessions: Sessions) -> None:
    for name in ("one", "two"):
        claim(sessions, name)
    sessions.end_client("one")
    (remaining,) = files(sessions.root / "sessions")
    assert remaining.read_bytes() == b"content"


@pytest.mark.parametrize("session_id", ["../../escape", "/etc", "a\0b", "x" * 5000])
def test_a_session_id_is_never_used_as_a_path(sessions: Sessions, session_id: str) -> None:
    folders = [sessions.get_client(session_id).new_folder("content").parent, sessions.get_page(session_id).folder]
    for folder in folders:
        assert folder.parent == sessions.root / "sessions"
        assert folder.name.isalnum()


def test_a_session_needs_an_id(sessions: Sessions) -> None:
    with pytest.raises(PageError, match="no session_hash"):
        sessions.get_client(None)
    with pytest.raises(PageError, match="accepts no cookies"):
        sessions.get_page(None)


def test_only_uploads_can_be_claimed(sessions: Sessions) -> None:
    other = claim(sessions, "other")
    for path in (Path("/etc/hostname"), sessions.root / ".." / "x.png", other, Path("photo.png")):
        with pytest.raises(PageError, match="was not uploaded to this page"):
            sessions.claim_upload(path)
    with pytest.raises(PageError, match="was deleted after a while; upload it again"):
        sessions.claim_upload(sessions.root / "0123abcd" / "gone.png")


def test_unused_uploads_are_deleted_in_time(sessions: Sessions) -> None:
    partial = sessions.root / "tmpabc"
    partial.write_bytes(b"half")
    unused = upload(sessions.root)
    nested = sessions.root / "folder" / "in folder" / "state.json"
    nested.parent.mkdir(parents=True)
    nested.write_text("{}")
    sessions.clean_up()
    assert set(files(sessions.root)) == {unused, partial, nested}
    make_older(partial, module.PARTIAL_SECONDS + 1)
    sessions.clean_up()
    assert set(files(sessions.root)) == {unused, nested}
    for file in (unused, nested):
        make_older(file, module.UNCLAIMED_SECONDS + 1)
    sessions.clean_up()
    assert [path.name for path in sessions.root.iterdir()] == ["sessions"]


def test_clients_and_pages_time_out(sessions: Sessions, pictures: Path) -> None:
    """A client first, then a page without pictures, and a page with pictures after a day."""
    client, empty, used = sessions.get_client("client"), sessions.get_page("empty"), sessions.get_page("used")
    used.pictures.add(pictures / "content.png", Limits())
    client.new_folder("content")
    for session in (client, empty, used):
        session.last_seen -= page_session.EMPTY_TIMEOUT + 1
    sessions.clean_up()
    assert (client.folder.exists(), empty.folder.exists(), used.folder.exists()) == (True, False, True)
    for session in (client, used):
        session.last_seen -= client_session.CLIENT_TIMEOUT + 1
    sessions.clean_up()
    assert (client.folder.exists(), used.folder.exists()) == (False, True)
    used.last_seen -= page_session.PAGE_TIMEOUT + 1
    sessions.clean_up()
    assert not used.folder.exists()
    sessions.touch("client")
    assert len(sessions) == 0, "an ended session is not started again"


def test_a_kept_session_is_found_again_by_the_next_server(tmp_path: Path, pictures: Path) -> None:
    kept = tmp_path / "kept"
    form, picture_id = Form(seed="5"), ""
    for number in range(2):
        root = tmp_path.resolve() / f"root-{number}"
        root.mkdir()
        sessions = Sessions(root, kept)
        session = sessions.get_page("me")
        if number == 0:
            picture_id = session.pictures.add(pictures / "content.png", Limits()).info.id
            session.save_form(form)
        else:
            assert session.form == form
            stored = session.pictures.get(picture_id)
            assert stored is not None
            assert stored.file.read_bytes() == (pictures / "content.png").read_bytes()
        sessions.close()
    (folder,) = kept.iterdir()
    make_older(folder / page_session.STATE, page_session.KEPT_TIMEOUT + 1)
    (tmp_path / "root-2").mkdir()
    later = Sessions(tmp_path.resolve() / "root-2", kept)
    later.clean_up()
    assert list(kept.iterdir()) == [], "nobody has opened it for a month"


def test_ending_a_session_drops_its_jobs(sessions: Sessions, pictures: Path) -> None:
    session = sessions.get_client("one")
    job = session.create_job(make_request(pictures), session.new_folder("job"))
    sessions.end_client("one")
    assert job.is_dropped
    assert job.status.is_over


def test_the_oldest_jobs_of_a_client_are_removed(sessions: Sessions, pictures: Path) -> None:
    session = sessions.get_client("one")
    folders = [session.new_folder("job") for _ in range(client_session.MAX_JOBS + 2)]
    jobs = [session.create_job(make_request(pictures), folder) for folder in folders]
    assert session.jobs == jobs[-client_session.MAX_JOBS :]
    assert [folder.exists() for folder in folders] == [False] * 2 + [True] * client_session.MAX_JOBS
