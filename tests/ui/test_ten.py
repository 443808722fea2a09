"""Ten at once: each gets a picture, and an honest place until then; nothing of them is left."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from PIL import Image

from barestyle.run import record as records
from barestyle.spec import with_settings
from barestyle.ui.status_text import NUMBERS
from tests.conftest import drawing
from tests.ui.conftest import TINY, Served, eventually, serving

TEN = 10
KEPT = 25_000_000
"""Bytes that may stay in use: what allocators hold back, and what gradio remembers of a session."""


def painted(served: Served, photo: Path, style: Path, seed: int) -> tuple[Path, list[int]]:
    """A visit of its own, from upload to picture; the places in the line that it was told on its way."""
    client = Client(served.url, verbose=False, download_files=photo.parent / f"of-{seed}")
    spec = with_settings(TINY, {"size": 128, "optimizer.steps": 10})
    job = client.submit(handle_file(photo), handle_file(style), spec.to_json(), seed=str(seed), api_name="/paint")
    said = [told for _, _, told in job]
    picture = Path(job.result(timeout=120)[0])
    client.close()
    waits = [found.group(1) for told in said if (found := re.match(r"(\w+) pictures? (?:is|are) before yours", told))]
    assert said[-1].startswith("Painted in ")
    return picture, [NUMBERS.index(word.lower()) for word in waits]


def all_at_once(served: Served, folder: Path, style: Path, first: int) -> list[list[int]]:
    photos = []
    for number in range(TEN):
        photo = folder / f"photo-{number}.png"
        drawing(160, 120, seed=number).save(photo)
        photos.append(photo)
    with ThreadPoolExecutor(TEN) as visitors:
        sessions = list(visitors.map(lambda number: painted(served, photos[number], style, first + number), range(TEN)))
    for number, (picture, _) in enumerate(sessions):
        record = records.find(picture)
        assert record.seed == first + number, "everybody gets their own picture"
        assert record.content.path == f"photo-{number}.png"
        with Image.open(picture) as image:
            assert image.size == (128, 96)
    return [places for _, places in sessions]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_visitors_at_once(pictures: Path, tmp_path: Path) -> None:
    style = pictures / "style.jpg"
    with serving(tmp_path / "home") as served:
        for number, round_ in enumerate(("warm", "first", "second")):
            folder = tmp_path / round_
            folder.mkdir()
            waits = all_at_once(served, folder, style, first=100 * number)
            for places in waits:
                assert places == sorted(places, reverse=True), "nobody is overtaken"
            assert max((places[0] for places in waits if places), default=0) >= TEN // 2, "most of them wait"
            eventually(lambda: not any((served.folder / "visits").iterdir()), 60)
            if round_ == "warm":
                before = served.memory()
        assert served.memory() - before < KEPT
        eventually(lambda: served.files() == [], 60)
