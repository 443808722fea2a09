"""Graphs of trained styles that were built before, in the user's cache folder. PyTorch is not imported.

A file has the SHA-256 of a graph, and then the graph, so that one that is damaged is built again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from barestyle.atomic_files import write_atomically
from barestyle.errors import OutputError

MOST_GRAPHS = 16
"""Two megabytes each; of more, those go that were built first."""

DIGEST_LENGTH = 32


def graph_folder() -> Path:
    """Return the folder of the graphs, such as ~/.cache/barestyle/graphs."""
    return user_cache_path("barestyle", appauthor=False) / "graphs"


def graph_path(style_sha256: str, weights: Mapping[str, float] | None, strength: float) -> Path:
    """Return where the graph of a style is kept; the arguments are the file's digest and those of `mix`."""
    parts = (hash_code(), style_sha256, None if weights is None else dict(weights), float(strength))
    return graph_folder() / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}.graph"


@cache
def hash_code() -> str:
    """Return a hash of this folder's modules, by which graphs of other versions are recognized."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def load_graph(path: Path) -> bytes | None:
    """Return a graph, or None if there is no such file, it cannot be read, or is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    digest, graph = data[:DIGEST_LENGTH], data[DIGEST_LENGTH:]
    return graph if hashlib.sha256(graph).digest() == digest else None


def store_graph(path: Path, graph: bytes) -> bool:
    """Keep a graph, remove the oldest ones if there are too many, and return whether it could be written.

    Without it, painting takes longer the next time, and nothing else changes.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, hashlib.sha256(graph).digest() + graph)
        files = sorted(path.parent.glob("*.graph"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-MOST_GRAPHS]:
            file.unlink(missing_ok=True)
    except (OSError, OutputError):  # a full disk, or a folder that is read-only
        return False
    return True
