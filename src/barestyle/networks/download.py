"""Trained VGG-19 from the net: of a file of 548 MB only the bytes of the first layers, verified and kept."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from safetensors.torch import save
from torch import Tensor

from barestyle.atomic_files import write_atomically
from barestyle.errors import OutputError, WeightsError
from barestyle.networks import vgg19 as pretrained
from barestyle.networks.vgg19 import LAYER_INDICES, cache_folder

HUB_FILE = "timm/vgg19.tv_in1k/model.safetensors"
"""Torchvision's IMAGENET1K_V1 weights as safetensors, on the Hugging Face hub."""

LARGEST_HEADER = 10_000_000
"""Bytes; VGG-19's has some 4000. A file that claims more is none."""

DIGESTS = "digests.json"
TIMEOUT = 30
"""Seconds without an answer."""


class Source(Protocol):
    """A file of which parts can be read; `traveled` counts the bytes that came from it."""

    bytes_read: int

    def read(self, start: int, length: int) -> bytes:
        """Bytes from `start` on; fewer where the file ends."""


@dataclass(frozen=True)
class Download:
    """Where the layers lie now, the SHA-256 of their numbers, how many bytes traveled, and whether the digest
    was known before (else it is pinned from now on)."""

    path: Path
    digest: str
    bytes_read: int
    was_pinned: bool


def fetch(source: str | None = None, *, layers: int = 5, cache: Path | None = None) -> Download:
    """Get the first layers of trained VGG-19 and keep them in the cache folder.

    Args:
        source: a .safetensors file or its http(s) URL, or PyTorch's .pth file; the Hugging Face hub's copy of
            torchvision's weights by default.
        layers: convolutions to take, 1 to 16; runs need 5, the trained metrics 8.
        cache: the folder to keep them in; the user's cache folder by default.

    Raises WeightsError where the source cannot be reached or read, is not VGG-19, or is not what it was at the
    first time.
    """
    if not 1 <= layers <= len(LAYER_INDICES):
        raise WeightsError(f"layers cannot be {layers}; VGG-19 has {len(LAYER_INDICES)}, so it takes 1 to 16")
    folder = cache or cache_folder()
    name = _name(source)
    if source is not None and not _is_url(source) and Path(source).suffix != ".safetensors":
        data, bytes_read = _from_torch(Path(source).expanduser(), layers), 0
    else:
        with _opened(source) as file:
            data, bytes_read = _first_layers(file, layers, name), file.bytes_read
    digest = hashlib.sha256(data).hexdigest()
    pins = _pins(folder)
    pin = f"{name}#{layers}"
    if pins.get(pin, digest) != digest:
        raise WeightsError(
            f"{name} gave other numbers than at the first time (SHA-256 {digest[:12]}, then {pins[pin][:12]}); "
            f"do not use them, or delete {str(folder / DIGESTS)!r} if you know that they changed"
        )
    path = _keep(folder, data, layers)
    _write(folder / DIGESTS, json.dumps({**pins, pin: digest}, indent=2).encode())
    return Download(path, digest, bytes_read, pin in pins)


def _name(source: str | None) -> str:
    """What a source is called, in sentences and where digests are kept: a file by its whole path."""
    if source is None:
        return f"hub:{HUB_FILE}"
    return source if _is_url(source) else str(Path(source).expanduser().resolve())


@contextmanager
def _opened(source: str | None) -> Iterator[Source]:
    """A file, an URL, or the hub's file; whatever goes wrong in the block is a WeightsError."""
    try:
        if source is None:
            from huggingface_hub import HfFileSystem

            with HfFileSystem().open(HUB_FILE, "rb", block_size=2**16) as file:
                yield _Seekable(file)
        elif _is_url(source):
            with closing(_Url(source)) as url:
                yield url
        else:
            with Path(source).expanduser().open("rb") as file:
                yield _Seekable(file)
    except WeightsError:
        raise
    except (OSError, HTTPException, ValueError) as error:  # ValueError: an URL that is none
        raise _unreadable(source, error) from None
    except Exception as error:
        if source is not None:
            raise
        raise _unreadable(source, error) from None  # the hub's client has an error of its own for everything


def _unreadable(source: str | None, error: Exception) -> WeightsError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return WeightsError(
        f"{source or HUB_FILE + ' on the Hugging Face hub'} cannot be read ({reason}); check the network, "
        "or get the file otherwise and name it with --from FILE"
    )


class _Seekable:
    def __init__(self, file: Any) -> None:
        self._file = file
        self.bytes_read = 0

    def read(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        data = bytes(self._file.read(length))
        self.bytes_read += len(data)
        return data


class _Url:
    """An URL whose parts are asked for; from a server that has none, the file is read on, once, as far as needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stream: Any = None
        self._read = bytearray()
        self.bytes_read = 0

    def read(self, start: int, length: int) -> bytes:
        if self._stream is None:
            request = urllib.request.Request(self._url, headers={"Range": f"bytes={start}-{start + length - 1}"})
            answer = urllib.request.urlopen(request, timeout=TIMEOUT)  # _is_url allows http(s) only
            if answer.status == 206:
                with answer:
                    data = bytes(answer.read(length))
                self.bytes_read += len(data)
                return data
            self._stream = answer
        self._read += self._stream.read(max(0, start + length - len(self._read)))
        self.bytes_read = max(self.bytes_read, len(self._read))
        return bytes(self._read[start : start + length])

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


def _first_layers(source: Source, layers: int, name: str) -> bytes:
    """A safetensors file of the wanted tensors alone, made from the parts of a larger one."""
    head = source.read(0, 8)
    size = int.from_bytes(head, "little")
    if len(head) < 8 or not 2 <= size <= LARGEST_HEADER:
        raise WeightsError(f"{name} is no safetensors file; give one, or leave --from out for torchvision's weights")
    try:
        header = json.loads(_exactly(source, 8, size, name))
    except ValueError:
        raise WeightsError(f"{name} is no safetensors file; give one, or leave --from out") from None
    chosen, data = {}, b""
    for key in (f"features.{index}.{part}" for index in LAYER_INDICES[:layers] for part in ("weight", "bias")):
        entry = header.get(key) if isinstance(header, dict) else None
        try:
            start, end = entry["data_offsets"]  # type: ignore[index]
            part = _exactly(source, 8 + size + int(start), int(end) - int(start), name)
            chosen[key] = {**entry, "data_offsets": [len(data), len(data) + len(part)]}  # type: ignore[dict-item]
        except (TypeError, KeyError, ValueError):
            raise WeightsError(f"{name} has no tensor {key}, so it is not VGG-19; {pretrained.HOW_TO_GET}") from None
        data += part
    text = json.dumps(chosen).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def _exactly(source: Source, start: int, length: int, name: str) -> bytes:
    data = source.read(start, length)
    if len(data) != length:
        raise WeightsError(f"{name} broke off after {len(data)} of {length} bytes; try again")
    return data


def _from_torch(path: Path, layers: int) -> bytes:
    """PyTorch's own kind of file as a safetensors file of its first layers."""
    if not path.is_file():
        raise WeightsError(f"there is no weights file {str(path)!r}; check the path")
    loaded = pretrained.load(path, layers)
    tensors: dict[str, Tensor] = {}
    for index, weight, bias in zip(LAYER_INDICES, loaded.weights, loaded.biases, strict=False):
        tensors |= {f"features.{index}.weight": weight.contiguous(), f"features.{index}.bias": bias.contiguous()}
    return bytes(save(tensors))


def _keep(folder: Path, data: bytes, layers: int) -> Path:
    """Check the layers and write them to the cache folder. Raises WeightsError."""
    path = folder / pretrained.CACHED.format(layers)
    with TemporaryDirectory() as scratch:
        candidate = Path(scratch) / path.name
        _write(candidate, data)
        pretrained.load(candidate, layers)  # checks shapes and that all numbers are finite
    _write(path, data)
    return path


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except (OSError, OutputError) as error:
        raise WeightsError(f"{str(path)!r} cannot be written ({error}); check the cache folder") from None


def _pins(folder: Path) -> Mapping[str, str]:
    try:
        pins = json.loads((folder / DIGESTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise WeightsError(
            f"{str(folder)!r} is no folder to keep weights in ({error.strerror}); name another"
        ) from None
    except ValueError:
        raise WeightsError(f"{str(folder / DIGESTS)!r}, where digests are kept, is damaged; delete it") from None
    return pins if isinstance(pins, dict) else {}


def _is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))
