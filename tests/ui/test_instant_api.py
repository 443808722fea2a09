"""The part of the API that applies trained styles, with gradio_client against the served page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from PIL import Image

from barestyle import samples
from barestyle.cli import main
from barestyle.ui.client_session import MAX_PICTURES, ClientSession
from tests.feed_forward.cases import make_style


def apply(client: Client, photo: Path, **values: Any) -> tuple[Path, Path]:
    picture, record = client.predict(content=handle_file(photo), **values, api_name="/apply")
    return Path(picture), Path(record)


def test_a_program_gets_what_the_command_writes(client: Client, pictures: Path, tmp_path: Path) -> None:
    photo, output = pictures / "content.png", tmp_path / "out.png"
    picture, record = apply(client, photo, style="mosaic", size=48, strength=0.5)
    arguments = ["apply", "mosaic", str(photo), "-o", str(output), "--size", "48", "--strength", "0.5", "-q"]
    assert main(arguments) == 0
    assert picture.read_bytes() == output.read_bytes()
    assert picture.name == "content-mosaic-instant-0.5-48px.png"
    assert json.loads(record.read_bytes())["kind"] == "barestyle-painting"
    assert client.predict(api_name="/trained_styles") == list(samples.STYLES)


def test_a_file_of_several_styles(client: Client, pictures: Path, tmp_path: Path) -> None:
    make_style(names=("sea", "sky")).save(tmp_path / "both.style")
    both = handle_file(tmp_path / "both.style")
    first, second = (apply(client, pictures / "content.png", style=name, style_file=both)[0] for name in ("", "sky"))
    with Image.open(first) as sea, Image.open(second) as sky, Image.open(pictures / "content.png") as photo:
        assert sea.size == sky.size == photo.size, "the photo's own size"
        assert sea.tobytes() != sky.tobytes()


def test_mistakes_are_sentences(client: Client, pictures: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.style"
    letter.write_text("Dear Sir or Madam")
    for values, message in (
        ({"style": "waves"}, r"there is no trained style 'waves'; .* or one of hatching, impasto, mosaic, swirls"),
        ({"style_file": handle_file(letter)}, "'letter.style' is not a trained style, or is damaged"),
        ({"style": "mosaic", "strength": 2}, "strength cannot be 2"),
        ({"style": "mosaic", "size": 9000}, "size must be at most 8192 pixels on this page, not 9000"),
        ({"style": "mosaic", "size": 4}, "a trained style needs at least 16 per side"),
    ):
        with pytest.raises(AppError, match=f"(?i){message}"):
            apply(client, pictures / "content.png", **values)
    with pytest.raises(AppError, match=r"'letter.style' is not an image"):
        apply(client, letter, style="mosaic")


def test_pictures_at_the_same_time_are_all_kept(client: Client, pictures: Path) -> None:
    """As many as a client may ask for at once; each call of the client downloads its picture."""
    photo = handle_file(pictures / "content.png")
    jobs = [
        client.submit(content=photo, style="mosaic", size=48, strength=number / 10, api_name="/apply")
        for number in range(MAX_PICTURES)
    ]
    names = [Path(job.result(timeout=60)[0]).name for job in jobs]
    assert names == [f"content-mosaic-instant-{number / 10:g}-48px.png" for number in range(MAX_PICTURES)]


def test_the_last_pictures_of_a_client_are_kept(tmp_path: Path) -> None:
    """Of those that are finished; the folder of one that is painted stays, however many are finished meanwhile."""
    session = ClientSession(tmp_path / "client")
    folders = []
    with session.picture_folder() as unfinished:
        for _ in range(MAX_PICTURES + 2):
            with session.picture_folder() as folder:
                folders.append(folder)
        assert unfinished.exists()
        assert [folder.exists() for folder in folders] == [False, False, *[True] * MAX_PICTURES]
