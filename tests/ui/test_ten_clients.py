"""Ten clients at once: each gets its own picture and a correct position until then, and nothing is left of them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from PIL import Image

from barestyle.run import record as records
from barestyle.spec import with_settings
from tests.conftest import drawing
from tests.ui.conftest import TINY, Server, serve_page, wait_until

CLIENTS = 10
MAX_GROWTH = 25_000_000
"""Bytes that may stay in use: what allocators hold back, and what gradio keeps of a session."""


def paint(server: Server, photo: Path, style: Path, seed: int) -> tuple[Path, list[int]]:
    """Paint with a client of its own; return the picture, and the positions in the queue that were reported."""
    client = Client(server.url, verbose=False, download_files=photo.parent / f"of-{seed}")
    spec = with_settings(TINY, {"size": 128, "optimizer.steps": 10})
    job = client.submit(handle_file(photo), handle_file(style), spec.to_json(), seed=str(seed), api_name="/paint")
    statuses = [status for _, _, status in job]
    picture = Path(job.result(timeout=120)[0])
    client.close()
    assert statuses[-1].startswith("Painted in ")
    matches = [re.match(r"(\d+) pictures? ahead of yours", status) for status in statuses]
    return picture, [int(match.group(1)) for match in matches if match]


def paint_all_at_once(server: Server, folder: Path, style: Path, first_seed: int) -> list[list[int]]:
    photos = []
    for number in range(CLIENTS):
        photo = folder / f"photo-{number}.png"
        drawing(160, 120, seed=number).save(photo)
        photos.append(photo)
    with ThreadPoolExecutor(CLIENTS) as clients:
        results = list(
            clients.map(lambda number: paint(server, photos[number], style, first_seed + number), range(CLIENTS))
        )
    for number, (picture, _) in enumerate(results):
        record = records.find(picture)
        assert record.seed == first_seed + number, "every client gets its own picture"
        assert record.content.path == f"photo-{number}.png"
        with Image.open(picture) as image:
            assert image.size == (128, 96)
    return [positions for _, positions in results]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_clients_at_once(pictures: Path, tmp_path: Path) -> None:
    style = pictures / "style.jpg"
    with serve_page(tmp_path / "home") as server:
        for number, name in enumerate(("warm-up", "first", "second")):
            folder = tmp_path / name
            folder.mkdir()
            for positions in (reported := paint_all_at_once(server, folder, style, first_seed=100 * number)):
                assert positions == sorted(positions, reverse=True), "no client is overtaken"
            highest = max(positions[0] for positions in reported if positions)
            assert highest >= CLIENTS // 2, "most clients wait"
            wait_until(lambda: not server.session_folders(), 60)
            if name == "warm-up":
                before = server.memory()
        assert server.memory() - before < MAX_GROWTH
        wait_until(lambda: server.files() == [], 60)
