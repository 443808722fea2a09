"""The API, by gradio_client and by plain HTTP, against the page as it is served."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from PIL import Image

from barestyle.run import record as records
from barestyle.spec import with_settings
from barestyle.ui import choices
from tests.ui.conftest import ENDLESS, MAX_UPLOAD, TINY, Served, eventually

QUICK = TINY.to_json()
LONG = ENDLESS.to_json()


@pytest.fixture
def client(page_server: Served, tmp_path: Path) -> Iterator[Client]:
    one = Client(page_server.url, verbose=False, analytics_enabled=False, download_files=tmp_path / "one")
    yield one
    one.close()


@pytest.fixture
def another(page_server: Served, tmp_path: Path) -> Iterator[Client]:
    one = Client(page_server.url, verbose=False, analytics_enabled=False, download_files=tmp_path / "another")
    yield one
    one.close()


@pytest.fixture
def both(pictures: Path) -> dict[str, Any]:
    return {"content": handle_file(pictures / "content.png"), "style": handle_file(pictures / "style.jpg")}


def is_idle(served: Served) -> Callable[[], bool]:
    """Whether the folders of all visits are gone."""
    return lambda: not any((served.folder / "visits").iterdir())


def test_a_picture_and_its_record(client: Client, both: dict[str, Any], pictures: Path) -> None:
    picture, record, told = client.predict(
        **both, preset=QUICK, size=64, strength=0.7, colors="luminance", seed="7", api_name="/paint"
    )
    assert told.startswith("Painted in ")
    assert Path(picture).name == "content-style.png"
    inside = records.find(Path(picture))
    spec = with_settings(TINY, {"size": 64, "content_loss.strength": 0.7, "colors": "luminance"})
    assert (inside.spec, inside.seed) == (spec, 7)
    assert inside.content.path == "content.png"
    assert records.parse(Path(record).read_text(), Path(record)) == inside
    with Image.open(picture) as image:
        assert image.size == (64, 48)


def test_what_is_documented(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/paint", "/presets", "/stop"}
    assert [one["parameter_name"] for one in endpoints["/paint"]["parameters"]] == [
        "content",
        "style",
        "preset",
        "size",
        "strength",
        "colors",
        "seed",
    ]
    assert [one["parameter_has_default"] for one in endpoints["/paint"]["parameters"]] == [False] * 2 + [True] * 5
    assert "JSON of a whole spec" in endpoints["/paint"]["description"]
    assert [one["name"] for one in client.predict(api_name="/presets")] == list(choices.offered())


def test_places_in_the_line_and_stop(client: Client, another: Client, both: dict[str, Any]) -> None:
    first = client.submit(**both, preset=LONG, api_name="/paint")
    eventually(lambda: first.outputs() and "Step" in first.outputs()[-1][2])
    second = another.submit(**both, preset=QUICK, size=48, api_name="/paint")
    waiting = (None, None, "One picture is before yours; it begins when that one is done.")
    eventually(lambda: second.outputs() and second.outputs()[-1] == waiting)
    assert client.predict(api_name="/stop") is True
    picture, _, told = first.result(timeout=30)
    assert told.startswith("Stopped after ")
    assert records.find(Path(picture)).interrupted
    assert second.result(timeout=30)[2].startswith("Painted in ")
    assert client.predict(api_name="/stop") is False


def test_a_canceled_job_leaves_the_line(client: Client, another: Client, both: dict[str, Any]) -> None:
    first = client.submit(**both, preset=LONG, api_name="/paint")
    eventually(lambda: first.outputs() and "Step" in first.outputs()[-1][2])
    first.cancel()
    assert another.predict(**both, preset=QUICK, size=48, api_name="/paint")[2].startswith("Painted in ")


def test_a_killed_client_ends_its_job_and_leaves_no_file(
    page_server: Served, another: Client, both: dict[str, Any], pictures: Path
) -> None:
    code = (
        "import sys; from gradio_client import Client, handle_file\n"
        "client = Client(sys.argv[1], verbose=False, download_files=False)\n"
        "job = client.submit(handle_file(sys.argv[2]), handle_file(sys.argv[3]), sys.stdin.read(), api_name='/paint')\n"
        "for _, _, told in job: print(told, flush=True)\n"
    )
    arguments = [page_server.url, str(pictures / "content.png"), str(pictures / "style.jpg")]
    program = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(LONG)
    program.stdin.close()
    while "Step" not in program.stdout.readline():
        assert program.poll() is None
    program.kill()
    program.wait()
    program.stdout.close()
    assert another.predict(**both, preset=QUICK, size=48, api_name="/paint")[2].startswith("Painted in ")
    another.close()
    eventually(is_idle(page_server))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"preset": "bear"}, "There is no preset 'bear'; did you mean bare? "),
        ({"preset": "paper-original"}, "'paper-original' needs trained weights, which the page does not offer"),
        ({"preset": "{"}, "This spec is not JSON"),
        ({"size": 5000}, "Size cannot be 5000 here; this page paints up to 2048 pixels a side"),
        ({"size": 8}, "but this network needs at least"),
        ({"strength": 2}, "Content_loss.strength cannot be 2"),
        ({"strength": 0.5, "preset": "npnd"}, "is not for style_loss=gram"),
        ({"colors": "mauve"}, "Colors cannot be 'mauve'; it takes one of luminance, matched, style."),
        ({"seed": "seven"}, "Seed cannot be 'seven'; it takes a whole number"),
        ({"style": None}, "Two pictures are needed"),
    ],
)
def test_what_is_refused_in_a_sentence(
    client: Client, both: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(AppError) as refused:
        client.predict(**{**both, "preset": QUICK, **changes}, api_name="/paint")
    sentence = str(refused.value.message)
    assert said in sentence
    assert sentence.endswith(".")
    assert "Traceback" not in sentence


def test_uploads_that_are_no_pictures_or_too_large(
    client: Client, page_server: Served, both: dict[str, Any], tmp_path: Path
) -> None:
    """The largest is of 100 megapixels in a few kilobytes: it is refused by its header, and fills no memory."""
    (tmp_path / "letter.png").write_text("Dear Sir or Madam")
    Image.new("1", (10_000, 10_000)).save(tmp_path / "wall.png")
    before = page_server.memory()
    for name, said in (
        ("letter.png", "'letter.png' is no picture that can be read; give a PNG, JPEG"),
        ("wall.png", "'wall.png' has 10000 x 10000 = 100,000,000 pixels, more than the limit of 67,108,864"),
    ):
        with pytest.raises(AppError) as refused:
            client.predict(**{**both, "content": handle_file(tmp_path / name)}, preset=QUICK, api_name="/paint")
        assert str(refused.value.message).startswith(said)
    assert page_server.memory() - before < 100_000_000
    assert client.predict(**both, preset=QUICK, size=48, api_name="/paint")[2].startswith("Painted in ")


def test_a_file_above_the_limit_is_not_even_received(client: Client, page_server: Served, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * (MAX_UPLOAD + 1))
    with pytest.raises(Exception, match=r"413|too large|maximum"):
        client.predict(handle_file(large), handle_file(large), api_name="/paint")
    host = http.client.HTTPConnection(page_server.url.removeprefix("http://"))
    host.putrequest("POST", "/gradio_api/queue/join")
    host.putheader("content-length", str(MAX_UPLOAD + 2_000_000))
    host.endheaders()
    answer = host.getresponse()
    assert answer.status == 413
    said = json.load(answer)["detail"]
    host.close()
    assert (
        said == "a file of more than 2 MB is not taken; save it smaller, or start the page with a larger --max-upload"
    )


def test_a_client_reaches_no_file_but_its_own(client: Client, page_server: Served, both: dict[str, Any]) -> None:
    for place in ("/etc/hostname", str(Path(__file__).resolve())):
        named = {"path": place, "meta": {"_type": "gradio.FileData"}}
        for fields in ({"content": named}, {"style": named}):
            body = {"data": [fields.get("content"), fields.get("style"), QUICK, 48, None, None, "0"]}
            assert "error" in _called(page_server.url, body)
        assert _get(page_server.url, f"/gradio_api/file={place}")[0] == 403


def test_nothing_is_fetched_from_elsewhere(client: Client, page_server: Served, both: dict[str, Any]) -> None:
    with pytest.raises(AppError, match="This page fetches nothing from the network; send the file itself"):
        client.predict(**{**both, "content": handle_file("https://example.org/a.png")}, preset=QUICK, api_name="/paint")
    for place in ("file=https://example.org/a.png", "proxy=https://example.org/a.png"):
        status, said = _get(page_server.url, f"/gradio_api/{place}")
        assert (status, said) == (403, "this page fetches nothing from the network; send the file itself")


@pytest.mark.parametrize("place", ["docs", "redoc", "monitoring", "gradio_api/runs"])
def test_pages_that_would_load_from_elsewhere_or_tell_tales_are_not_there(page_server: Served, place: str) -> None:
    assert _get(page_server.url, f"/{place}")[0] in (403, 404)


def test_the_pages_own_events_are_not_for_clients(page_server: Served) -> None:
    with urllib.request.urlopen(f"{page_server.url}/config") as answer:
        own = [one for one in json.load(answer)["dependencies"] if one["api_visibility"] != "public"]
    assert own
    assert all(one["api_visibility"] == "private" for one in own)


def test_a_picture_of_16_bits_stays_one(client: Client, both: dict[str, Any], tmp_path: Path) -> None:
    deep = tmp_path / "deep.png"
    deep.write_bytes(_deep_png(64, 48))
    picture, _, _ = client.predict(**{**both, "content": handle_file(deep)}, preset=QUICK, size=48, api_name="/paint")
    assert Path(picture).read_bytes()[24] == 16, "bits of a sample, in the header"


def _deep_png(width: int, height: int) -> bytes:
    """A PNG of 16-bit colors, put together by hand (PNG specification, 11.2)."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    row = b"\0" + b"".join((x * 900).to_bytes(2, "big") * 3 for x in range(width))
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((16, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )


def _get(url: str, place: str) -> tuple[int, str]:
    return _answer(urllib.request.Request(f"{url}{place}"))


def _answer(request: urllib.request.Request) -> tuple[int, str]:
    """An answer's status, and what it says in JSON, if anything."""
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode()
        return error.code, json.loads(text).get("detail", "") if text.startswith("{") else text


def _called(url: str, body: dict[str, Any]) -> str:
    """The events of a call by plain HTTP."""
    request = urllib.request.Request(
        f"{url}/gradio_api/call/paint", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/paint/{event}") as answer:
        return str(answer.read().decode())
