"""Downloads from real HTTP servers on this machine: one that serves ranges, and others that misbehave."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest
import torch
from safetensors.torch import save

from barestyle.errors import WeightsError
from barestyle.networks import vgg19
from barestyle.networks.download import DIGESTS_FILE, download_layers
from tests.conftest import synthetic_vgg19

Serve = Callable[..., str]

WHOLE = {**synthetic_vgg19(depth=8), "classifier.6.weight": torch.zeros(1000, 1024)}
"""A file of a whole network: the layers are followed by tensors that are not needed."""


class Handler(BaseHTTPRequestHandler):
    def __init__(self, data: bytes, behavior: str, log: list[int], *rest: object) -> None:
        self.data, self.behavior, self.log = data, behavior, log
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        if self.behavior == "missing":
            self.send_error(404)
            return
        part = self.data
        if asked and self.behavior != "no ranges":
            start, end = (int(number) for number in asked.removeprefix("bytes=").split("-"))
            part = self.data[start : end + 1]
            self.send_response(206)
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        cut = len(part) // 2 if self.behavior == "breaks off" and len(part) > 10_000 else len(part)
        self.log.append(cut)
        try:
            self.wfile.write(part[:cut])
        except (BrokenPipeError, ConnectionResetError):
            return  # the client has enough

    def log_message(self, *_: object) -> None:
        """Do not print requests."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[ThreadingHTTPServer] = []

    def start(data: bytes, behavior: str = "ranges", log: list[int] | None = None) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, data, behavior, [] if log is None else log))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/vgg19.safetensors"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("layers", [1, 5, 8])
def test_only_the_bytes_of_the_layers_are_transferred(serve: Serve, tmp_path: Path, layers: int) -> None:
    log: list[int] = []
    found = download_layers(serve(save(WHOLE), log=log), layers=layers, cache=tmp_path)
    numbers = sum(tensor.numel() for tensor in synthetic_vgg19(depth=layers).values()) * 4
    assert numbers < found.bytes_read < numbers + 5000
    assert sum(log) <= found.bytes_read
    loaded = vgg19.load_layers(found.path, layers)
    for index, weight, bias in zip(vgg19.LAYER_INDICES, loaded.weights, loaded.biases, strict=False):
        assert torch.equal(weight, WHOLE[f"features.{index}.weight"])
        assert torch.equal(bias, WHOLE[f"features.{index}.bias"])
    assert not found.is_verified


@pytest.mark.parametrize("kind", [".safetensors", ".pth"])
def test_a_file_and_a_server_without_ranges_give_the_same(serve: Serve, tmp_path: Path, kind: str) -> None:
    data = save(WHOLE)
    one = download_layers(serve(data, "no ranges"), cache=tmp_path / "one")
    local = tmp_path / f"whole{kind}"
    if kind == ".pth":
        torch.save(WHOLE, local)
    else:
        local.write_bytes(data)
    other = download_layers(str(local), cache=tmp_path / "other")
    theirs, ours = (vgg19.load_layers(found.path, 5) for found in (one, other))
    assert all(torch.equal(a, b) for a, b in zip(theirs.weights, ours.weights, strict=True))


def test_a_server_without_ranges_is_asked_once(serve: Serve, tmp_path: Path) -> None:
    """Also if other tensors precede the layers: the file is read once, up to the last layer."""
    first = {"a": torch.zeros(200_000), **WHOLE}
    data = save(first)
    log: list[int] = []
    found = download_layers(serve(data, "no ranges", log=log), layers=2, cache=tmp_path)
    assert log == [len(data)], "one request"
    last = max(data.find(part.numpy().tobytes()) + 4 * part.numel() for part in synthetic_vgg19(depth=2).values())
    assert found.bytes_read == last
    assert torch.equal(vgg19.load_layers(found.path, 1).weights[0], WHOLE["features.0.weight"])


def test_downloaded_weights_are_found(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert vgg19.find_downloaded() is None
    for layers in (8, 5):
        download_layers(serve(save(WHOLE)), layers=layers)
    assert vgg19.find_weights(None) == tmp_path / "barestyle" / "vgg19-8-layers.safetensors"


def test_a_file_that_differs_from_the_first_download_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vgg19.safetensors"
    path.write_bytes(save(WHOLE))
    first = download_layers(str(path), cache=tmp_path / "cache")
    assert download_layers(str(path), cache=tmp_path / "cache").is_verified
    path.write_bytes(save({**WHOLE, "features.0.bias": WHOLE["features.0.bias"] + 1}))
    before = first.path.read_bytes()
    with pytest.raises(WeightsError, match="differs from the first download"):
        download_layers(str(path), cache=tmp_path / "cache")
    assert first.path.read_bytes() == before


@pytest.mark.parametrize(
    ("data", "behavior", "words"),
    [
        (save(WHOLE), "breaks off", "broke off|cannot be read"),
        (save(WHOLE), "missing", "cannot be read .HTTP Error 404"),
        (b"<html>Please log in</html>", "ranges", "is not a safetensors file"),
        (b"", "ranges", "is not a safetensors file"),
        (save({"layer.weight": torch.zeros(3)}), "ranges", r"has no tensor features\.0\.weight, so it is not VGG-19"),
        (save({**WHOLE, "features.2.weight": torch.zeros(64, 64, 5, 5)}), "ranges", "has the shape .64, 64, 5, 5."),
        (save({**WHOLE, "features.2.bias": torch.full((64,), torch.nan)}), "ranges", "holds NaN or infinite numbers"),
    ],
    ids=["breaks off", "missing", "a page", "nothing", "another network", "another shape", "no numbers"],
)
def test_servers_that_misbehave(serve: Serve, tmp_path: Path, data: bytes, behavior: str, words: str) -> None:
    with pytest.raises(WeightsError, match=words):
        download_layers(serve(data, behavior), cache=tmp_path)
    assert not list(tmp_path.rglob("*.safetensors")), "no partial download remains"
    assert not (tmp_path / DIGESTS_FILE).exists()


def test_unreachable_sources_are_refused(tmp_path: Path) -> None:
    for source in ("http://127.0.0.1:1/vgg19.safetensors", str(tmp_path / "nowhere.safetensors")):
        with pytest.raises(
            WeightsError, match=r"cannot be read \(.*\); check the network, or download the file in another way"
        ):
            download_layers(source, cache=tmp_path)
    with pytest.raises(WeightsError, match="there is no weights file"):
        download_layers(str(tmp_path / "nowhere.pth"), cache=tmp_path)
    with pytest.raises(WeightsError, match="layers must be a whole number from 1 to 16, not 17"):
        download_layers(None, layers=17, cache=tmp_path)


def test_the_hub_offline_is_one_sentence(tmp_path: Path) -> None:
    """The hub's own client, pointed at a port where nobody listens."""
    done = subprocess.run(
        [sys.executable, "-m", "barestyle", "weights", "fetch", "--cache", str(tmp_path)],
        env={**os.environ, "HF_ENDPOINT": "http://127.0.0.1:1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "on the Hugging Face Hub cannot be read (" in done.stderr
    assert "check the network, or download the file in another way and name it with --from FILE" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_hubs_file_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's file system stands for any that can seek: here, a file on the disk."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(save(WHOLE))

    class Local:
        def open(self, name: str, *_: object, **__: object) -> object:
            assert name == "timm/vgg19.tv_in1k/model.safetensors"
            return path.open("rb")

    monkeypatch.setattr(huggingface_hub, "HfFileSystem", Local)
    found = download_layers(None, cache=tmp_path / "cache")
    assert found.bytes_read < 3_000_000 < path.stat().st_size
    assert len(vgg19.load_layers(found.path, 5).weights) == 5
