"""The API, with gradio_client and with plain HTTP, against the served page."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from PIL import Image

from barestyle.run import record as records
from barestyle.spec import with_settings
from barestyle.ui.looks import LOOKS
from tests.ui.conftest import ENDLESS, MAX_UPLOAD, TINY, Server, wait_until

QUICK = TINY.to_json()
LONG = ENDLESS.to_json()


@pytest.fixture
def other_client(page_server: Server, tmp_path: Path) -> Iterator[Client]:
    """A client with a new session."""
    client = Client(page_server.url, verbose=False, analytics_enabled=False, download_files=tmp_path / "other")
    yield client
    client.close()


@pytest.fixture(scope="module")
def both(pictures: Path) -> dict[str, Any]:
    return {"content": handle_file(pictures / "content.png"), "style": handle_file(pictures / "style.jpg")}


def test_paint_returns_a_picture_and_its_record(client: Client, both: dict[str, Any]) -> None:
    picture, record, status = client.predict(
        **both, preset=QUICK, size=64, strength=0.7, colors="luminance", seed="7", api_name="/paint"
    )
    assert status.startswith("Painted in ")
    assert Path(picture).name == "content-style.png"
    embedded = records.find(Path(picture))
    spec = with_settings(TINY, {"size": 64, "content_loss.strength": 0.7, "colors": "luminance"})
    assert (embedded.spec, embedded.seed) == (spec, 7)
    assert embedded.content.path == "content.png"
    assert records.parse(Path(record).read_text(), Path(record)) == embedded
    with Image.open(picture) as image:
        assert image.size == (64, 48)


def test_the_documented_endpoints(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/paint", "/presets", "/stop", "/apply", "/trained_styles"}
    parameters = endpoints["/paint"]["parameters"]
    assert [parameter["parameter_name"] for parameter in parameters] == [
        "content",
        "style",
        "preset",
        "size",
        "strength",
        "colors",
        "seed",
    ]
    assert [parameter["parameter_has_default"] for parameter in parameters] == [False] * 2 + [True] * 5
    assert "a whole spec as JSON" in endpoints["/paint"]["description"]
    assert [preset["name"] for preset in client.predict(api_name="/presets")] == list(LOOKS)


def test_positions_in_the_queue_and_stop(client: Client, other_client: Client, both: dict[str, Any]) -> None:
    first = client.submit(**both, preset=LONG, api_name="/paint")
    wait_until(lambda: first.outputs() and "Step" in first.outputs()[-1][2])
    second = other_client.submit(**both, preset=QUICK, size=48, api_name="/paint")
    waiting = (None, None, "1 picture ahead of yours in the queue.")
    wait_until(lambda: second.outputs() and second.outputs()[-1] == waiting)
    assert client.predict(api_name="/stop") is True
    picture, _, status = first.result(timeout=30)
    assert status.startswith("Stopped after ")
    assert records.find(Path(picture)).interrupted
    assert second.result(timeout=30)[2].startswith("Painted in ")
    assert client.predict(api_name="/stop") is False


def test_cancel_ends_a_job(client: Client, other_client: Client, both: dict[str, Any]) -> None:
    first = client.submit(**both, preset=LONG, api_name="/paint")
    wait_until(lambda: first.outputs() and "Step" in first.outputs()[-1][2])
    first.cancel()
    assert other_client.predict(**both, preset=QUICK, size=48, api_name="/paint")[2].startswith("Painted in ")


def test_the_job_and_the_files_of_a_killed_client_are_removed(
    page_server: Server, other_client: Client, both: dict[str, Any], pictures: Path
) -> None:
    before = page_server.session_folders()
    code = (
        "import sys; from gradio_client import Client, handle_file\n"
        "client = Client(sys.argv[1], verbose=False, download_files=False)\n"
        "job = client.submit(handle_file(sys.argv[2]), handle_file(sys.argv[3]), sys.stdin.read(), api_name='/paint')\n"
        "for _, _, status in job: print(status, flush=True)\n"
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
    assert other_client.predict(**both, preset=QUICK, size=48, api_name="/paint")[2].startswith("Painted in ")
    other_client.close()
    wait_until(lambda: page_server.session_folders() <= before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": "bear"}, "'bear'; did you mean bare? "),
        ({"preset": "paper-original"}, "'paper-original' needs trained weights, which the page does not offer"),
        ({"preset": "{"}, "The spec is not valid JSON"),
        ({"size": 9000}, "Size must be at most 8192 pixels on this page, not 9000"),
        ({"size": 8}, "but this network needs at least"),
        ({"strength": 2}, "Content_loss.strength cannot be 2"),
        ({"strength": 0.5, "preset": "npnd"}, "does not work with style_loss=gram"),
        ({"colors": "mauve"}, "Colors cannot be 'mauve'; it must be one of luminance, matched, style."),
        ({"seed": "seven"}, "Seed must be a whole number, 0 or greater."),
        ({"style": None}, "Content and style must be files"),
    ],
)
def test_refusals_are_one_sentence(client: Client, both: dict[str, Any], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AppError) as raised:
        client.predict(**{**both, "preset": QUICK, **changes}, api_name="/paint")
    sentence = str(raised.value.message)
    assert message in sentence
    assert sentence.endswith(".")
    assert "Traceback" not in sentence


def test_uploads_that_are_not_pictures_or_too_large_are_refused(
    client: Client, page_server: Server, both: dict[str, Any], tmp_path: Path
) -> None:
    """100 megapixels in a few kilobytes are refused by the header, before they fill the memory."""
    (tmp_path / "letter.png").write_text("Dear Sir or Madam")
    Image.new("1", (10_000, 10_000)).save(tmp_path / "wall.png")
    before = page_server.memory()
    for name, message in (
        ("letter.png", "'letter.png' is not an image that can be read; give a PNG, JPEG"),
        ("wall.png", "'wall.png' has too many pixels; resize it to under 67 megapixels."),
    ):
        with pytest.raises(AppError) as raised:
            client.predict(**{**both, "content": handle_file(tmp_path / name)}, preset=QUICK, api_name="/paint")
        assert str(raised.value.message).startswith(message)
    assert page_server.memory() - before < 100_000_000
    assert client.predict(**both, preset=QUICK, size=48, api_name="/paint")[2].startswith("Painted in ")


def test_a_file_above_the_limit_is_not_received(client: Client, page_server: Server, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(b"x" * (MAX_UPLOAD + 1))
    with pytest.raises(Exception, match=r"413|too large|maximum"):
        client.predict(handle_file(large), handle_file(large), api_name="/paint")
    host = http.client.HTTPConnection(page_server.url.removeprefix("http://"))
    host.putrequest("POST", "/gradio_api/queue/join")
    host.putheader("content-length", str(MAX_UPLOAD + 2_000_000))
    host.endheaders()
    response = host.getresponse()
    assert response.status == 413
    detail = json.load(response)["detail"]
    host.close()
    assert detail == "the file is larger than 2 MB; save it smaller, or restart the page with a larger --max-upload"


def test_a_client_can_read_only_its_own_files(page_server: Server) -> None:
    for path in ("/etc/hostname", str(Path(__file__).resolve())):
        payload = {"path": path, "meta": {"_type": "gradio.FileData"}}
        for fields in ({"content": payload}, {"style": payload}):
            body = {"data": [fields.get("content"), fields.get("style"), QUICK, 48, None, None, "0"]}
            assert "error" in _call_paint(page_server.url, body)
        assert _get(page_server.url, f"/gradio_api/file={path}")[0] == 403


def test_urls_are_not_downloaded(client: Client, page_server: Server, both: dict[str, Any]) -> None:
    with pytest.raises(AppError, match="This page does not download anything; upload the file itself"):
        client.predict(**{**both, "content": handle_file("https://example.org/a.png")}, preset=QUICK, api_name="/paint")
    for path in ("file=https://example.org/a.png", "proxy=https://example.org/a.png"):
        response = _get(page_server.url, f"/gradio_api/{path}")
        assert response == (403, "this page does not download anything; upload the file itself")


@pytest.mark.parametrize("path", ["docs", "redoc", "monitoring", "gradio_api/runs"])
def test_gradios_other_pages_are_disabled(page_server: Server, path: str) -> None:
    """They would load files from the network, or show what others do."""
    assert _get(page_server.url, f"/{path}")[0] in (403, 404)


def test_the_pages_own_events_are_private(page_server: Server) -> None:
    with urllib.request.urlopen(f"{page_server.url}/config") as response:
        visibilities = [event["api_visibility"] for event in json.load(response)["dependencies"]]
    assert visibilities.count("public") == 5
    assert visibilities.count("private") == len(visibilities) - 5 > 0


def test_16_bits_are_kept(client: Client, both: dict[str, Any], tmp_path: Path) -> None:
    deep = tmp_path / "deep.png"
    deep.write_bytes(_deep_png(64, 48))
    picture, _, _ = client.predict(**{**both, "content": handle_file(deep)}, preset=QUICK, size=48, api_name="/paint")
    assert Path(picture).read_bytes()[24] == 16, "bits of a sample, in the header"


def _deep_png(width: int, height: int) -> bytes:
    """Return a PNG with 16-bit colors (PNG specification, 11.2), which Pillow cannot write."""

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


def _get(url: str, path: str) -> tuple[int, str]:
    """Return a response's status, and the detail of an error."""
    try:
        with urllib.request.urlopen(f"{url}{path}") as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode()
        return error.code, json.loads(text).get("detail", "") if text.startswith("{") else text


def _call_paint(url: str, body: dict[str, Any]) -> str:
    """Return the events of a call of /paint by plain HTTP."""
    request = urllib.request.Request(
        f"{url}/gradio_api/call/paint", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        event = json.load(response)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/paint/{event}") as response:
        return str(response.read().decode())
