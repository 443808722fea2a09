"""Exit codes of the program, other than 0 for success."""

from __future__ import annotations

INCOMPLETE = 1
"""Some pairs or cells failed, a repeated run gave a different image, or a part of a clip could not be read."""

REFUSED = 2
"""The input or the options are invalid, or the result could not be saved where it was asked for."""

READER_ENDED = 141
"""The program that reads the output has ended: 128 + SIGPIPE, as in shells."""

INTERRUPTED = 130
"""Ctrl-C stopped the command: 128 + SIGINT, as in shells."""
