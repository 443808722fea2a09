"""Ctrl-C: once to stop at the next picture, twice to stop at once."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class StartupInterrupt:
    """Remembers a Ctrl-C from before the search, which the import of a large library may swallow."""

    def __init__(self) -> None:
        self.seen = False

    def watch(self) -> None:
        """Begin to remember; only a program's main thread may."""
        self.seen = False
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._note)

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was one."""
        if self.seen:
            raise KeyboardInterrupt

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.seen = True
        raise KeyboardInterrupt


STARTUP_INTERRUPT = StartupInterrupt()


class Interrupt:
    """While it is entered, the first SIGINT only sets `requested`; a second one raises KeyboardInterrupt."""

    def __init__(self, consequence: str = "the best picture so far will be kept", *, silent: bool = False) -> None:
        self.requested = False
        self._consequence = consequence
        self._silent = silent
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        STARTUP_INTERRUPT.check()
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if not self._silent:
            print(f"\nstopping; {self._consequence} (Ctrl-C again: at once, without)", file=sys.stderr)
