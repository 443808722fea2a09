"""All sessions, of browsers and of API clients, and the uploads that they claim."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from pathlib import Path

from barestyle.atomic_files import check_writable
from barestyle.errors import OutputError
from barestyle.ui import page_session
from barestyle.ui.client_session import ClientSession
from barestyle.ui.errors import PageError
from barestyle.ui.page_session import KEPT_TIMEOUT, STATE, PageSession

CLAIMED_SECONDS = 10.0
"""Grace period before a claimed upload is deleted; another client may still be sending the same file."""

UNCLAIMED_SECONDS = 900.0
"""Time after which an upload that was never used is deleted."""

PARTIAL_SECONDS = 60.0
"""Time without new data after which an unfinished upload is deleted."""


class Sessions:
    """Sessions by their ids, which clients choose, and which therefore are never used as paths.

    Only the server's event loop may use this object.

    Attributes:
        root: the folder where gradio stores uploads.
        is_kept: whether sessions of browsers are kept when the server ends.

    Args:
        root: an existing folder, empty.
        kept_folder: where to keep the sessions of browsers, or None to delete them with the server.

    Raises PageError if the folder cannot be written.
    """

    def __init__(self, root: Path, kept_folder: Path | None = None) -> None:
        self.root = root
        self.is_kept = kept_folder is not None
        self._clients: dict[str, ClientSession] = {}
        self._pages: dict[str, PageSession] = {}
        self._claimed: set[Path] = set()
        self._session_root = root / "sessions"
        self._session_root.mkdir()
        self._page_root = kept_folder or self._session_root
        try:
            self._page_root.mkdir(parents=True, exist_ok=True)
            check_writable(self._page_root / STATE)
        except (OSError, OutputError) as error:
            raise PageError(
                f"sessions cannot be kept in {str(self._page_root)!r} ({error}); give --keep-sessions another folder"
            ) from None

    def __len__(self) -> int:
        return len(self._clients) + len(self._pages)

    @property
    def pages(self) -> list[PageSession]:
        """The sessions of browsers."""
        return list(self._pages.values())

    def get_client(self, session_id: str | None) -> ClientSession:
        """Return an API client's session, and create it if it is new. Raise PageError if it sends no id."""
        if not session_id:
            raise PageError("the request has no session_hash; use gradio_client, or send any text")
        if session_id not in self._clients:
            self._clients[session_id] = ClientSession(self._session_root / secrets.token_hex(8))
        session = self._clients[session_id]
        session.last_seen = time.monotonic()
        return session

    def get_page(self, session_id: str | None) -> PageSession:
        """Return a browser's session, and create or restore it if it is not open. Raise PageError without an id."""
        if not session_id:
            raise PageError("this browser accepts no cookies; allow them for this page and load it again")
        if session_id not in self._pages:
            # The id is a secret of the browser, so that the folder's name must not tell it.
            folder = self._page_root / hashlib.sha256(session_id.encode()).hexdigest()[:32]
            self._pages[session_id] = PageSession(folder, KEPT_TIMEOUT if self.is_kept else page_session.PAGE_TIMEOUT)
        session = self._pages[session_id]
        session.touch()
        return session

    def find_page(self, session_id: str | None) -> PageSession | None:
        """Return a browser's session if it is open."""
        return self._pages.get(session_id or "")

    def touch(self, session_id: str | None) -> None:
        """Note that an API client was heard from, unless its session has ended."""
        if session_id in self._clients:
            self._clients[session_id].last_seen = time.monotonic()

    def end_client(self, session_id: str | None) -> None:
        """End an API client's session, if there is one: its jobs end and its files are deleted."""
        session = self._clients.pop(session_id or "", None)
        if session is not None:
            session.close()

    def close(self) -> None:
        """End all jobs. Files are deleted, unless they are kept."""
        for session in self._clients.values():
            session.close()
        for page in self._pages.values():
            page.close(keeps_files=self.is_kept)

    def claim_upload(self, upload: Path) -> Path:
        """Return the path of an uploaded file, which the caller must link or read at once.

        Raise PageError if it was not uploaded or is gone.
        """
        upload = self.check_upload(upload)
        self._claimed.add(upload)
        return upload

    def check_upload(self, upload: Path) -> Path:
        """Return the path of an uploaded file. Raise PageError if it was not uploaded or is gone."""
        upload = Path(os.path.abspath(upload))
        if self.root not in upload.parents or self._session_root in upload.parents:
            raise PageError(f"{upload.name!r} was not uploaded to this page; upload it")
        if not upload.is_file():
            raise PageError(f"{upload.name!r} was deleted after a while; upload it again")
        return upload

    def clean_up(self) -> None:
        """End sessions that have timed out, and delete uploads that are not needed any more."""
        for session_id, session in list(self._clients.items()):
            if session.has_expired:
                self.end_client(session_id)
        for session_id, page in list(self._pages.items()):
            if page.has_expired:
                self._pages.pop(session_id).close()
            else:
                page.results.purge()
        self._delete_expired_folders()
        for path in self.root.iterdir():
            if path != self._session_root:
                for file in [path, *path.rglob("*")]:
                    self._delete_if_old(file)

    def _delete_expired_folders(self) -> None:
        """Delete kept sessions that were not opened for too long, also those of earlier servers."""
        if not self.is_kept:
            return
        open_folders = {page.folder for page in self._pages.values()}
        for state in self._page_root.glob(f"*/{STATE}"):
            if state.parent not in open_folders and time.time() - state.stat().st_mtime > KEPT_TIMEOUT:
                shutil.rmtree(state.parent, ignore_errors=True)

    def _delete_if_old(self, file: Path) -> None:
        """Delete an upload if its time is over, and the folders that it leaves empty."""
        if not file.is_file():
            return
        is_partial = file.parent == self.root
        max_age = PARTIAL_SECONDS if is_partial else CLAIMED_SECONDS if file in self._claimed else UNCLAIMED_SECONDS
        if time.time() - file.stat().st_mtime <= max_age:
            return
        file.unlink()
        self._claimed.discard(file)
        for folder in file.parents:
            if folder == self.root or any(folder.iterdir()):
                break
            folder.rmdir()
