"""Ctrl-C: the first one stops a run after the current iterate, the second one stops it at once."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class StartupInterrupt:
    """Remembers a Ctrl-C from before the run, because the import of a large library may swallow the exception."""

    def __init__(self) -> None:
        self.is_pending = False

    def watch(self) -> None:
        """Start to watch for Ctrl-C; does nothing outside the main thread, where Python allows no handlers."""
        self.is_pending = False
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._handle)

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.is_pending:
            raise KeyboardInterrupt

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        self.is_pending = True
        raise KeyboardInterrupt


STARTUP_INTERRUPT = StartupInterrupt()


class Interrupt:
    """A context in which the first SIGINT only sets `requested`; the second one raises KeyboardInterrupt.

    Args:
        consequence: what happens after the first SIGINT, to complete "stopping; ...".
        silent: print nothing.
        stop_on_termination: SIGTERM, with which torchrun ends its processes, does the same as the first SIGINT, however
            often it comes.
    """

    def __init__(
        self,
        consequence: str = "the best image so far will be saved",
        *,
        silent: bool = False,
        stop_on_termination: bool = False,
    ) -> None:
        self.requested = False
        self._stop_on_termination = stop_on_termination
        self._previous_termination: Any = None
        self._consequence = consequence
        self._silent = silent
        self._previous_handler: Any = None

    def __enter__(self) -> Interrupt:
        STARTUP_INTERRUPT.check()
        self._previous_handler = signal.signal(signal.SIGINT, self._handle)
        if self._stop_on_termination:
            self._previous_termination = signal.signal(signal.SIGTERM, self._handle_termination)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._previous_handler)
        if self._stop_on_termination:
            signal.signal(signal.SIGTERM, self._previous_termination)

    def _handle_termination(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if not self._silent:
            print(f"\nstopping; {self._consequence} (press Ctrl-C again to quit at once)", file=sys.stderr)
