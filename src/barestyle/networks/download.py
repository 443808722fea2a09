"""Download the first layers of trained VGG-19: the bytes of these layers only, verified and cached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import Tensor

from barestyle.atomic_files import write_atomically
from barestyle.errors import OutputError, WeightsError
from barestyle.networks import vgg19
from barestyle.networks.known_weights import verify_known
from barestyle.networks.remote_file import HUB_FILE, RemoteFile, is_url, open_remote
from barestyle.networks.vgg19 import LAYER_INDICES, get_cache_folder

MAX_HEADER = 10_000_000
"""Bytes; VGG-19's header has some 4000. A file that claims more is not a safetensors file."""

DIGESTS_FILE = "digests.json"
"""File in the cache folder with the digests of earlier downloads."""


@dataclass(frozen=True)
class Download:
    """Downloaded layers.

    Attributes:
        path: the file in the cache folder.
        digest: SHA-256 of the file.
        bytes_read: bytes that were transferred.
        is_verified: whether the digest is that of an earlier download, or every tensor has a known digest.
    """

    path: Path
    digest: str
    bytes_read: int
    is_verified: bool


def download_layers(source: str | None = None, *, layers: int = 5, cache: Path | None = None) -> Download:
    """Download the first layers of trained VGG-19 into the cache folder.

    Layers whose SHA-256 barestyle knows (`known_weights`) are verified at once; the digest of others is stored at the
    first download and compared at later ones.

    Args:
        source: a .safetensors file or its http(s) URL, or PyTorch's .pth file; None for torchvision's weights on the
            Hugging Face hub.
        layers: convolutions, 1 to 16; runs need 5, the trained metrics 8.
        cache: the folder; None for the user's cache folder.

    Raises:
        WeightsError: the source cannot be read, is not VGG-19, is damaged, or differs from an earlier download.
    """
    if not 1 <= layers <= len(LAYER_INDICES):
        raise WeightsError(f"layers must be a whole number from 1 to {len(LAYER_INDICES)}, not {layers}")
    folder = cache or get_cache_folder()
    name = _name(source)
    if source is not None and not is_url(source) and Path(source).suffix != ".safetensors":
        tensors, bytes_read = _read_torch_file(Path(source).expanduser(), layers), 0
    else:
        with open_remote(source) as file:
            tensors, bytes_read = _read_first_layers(file, layers, name), file.bytes_read
    is_known = verify_known({key: data for key, (_, data) in tensors.items()}, name)
    content = _to_safetensors(tensors)
    digest = hashlib.sha256(content).hexdigest()
    digests = _read_digests(folder)
    entry = f"{name}#{layers}"
    if digests.get(entry, digest) != digest:
        raise WeightsError(
            f"{name} differs from the first download (SHA-256 {digest[:12]}, then {digests[entry][:12]}); "
            f"do not use it, or delete {str(folder / DIGESTS_FILE)!r} if you know that it was replaced"
        )
    path = _store(folder, content, layers)
    _write(folder / DIGESTS_FILE, json.dumps({**digests, entry: digest}, indent=2).encode())
    return Download(path, digest, bytes_read, is_known or entry in digests)


def _name(source: str | None) -> str:
    """Return the name of a source in messages and in the digests' file; a local file has its absolute path."""
    if source is None:
        return f"hub:{HUB_FILE}"
    return source if is_url(source) else str(Path(source).expanduser().resolve())


def _read_first_layers(file: RemoteFile, layers: int, name: str) -> dict[str, tuple[dict[str, object], bytes]]:
    """Read the header of a safetensors file and the wanted tensors: (header entry, data) by key."""
    head = file.read(0, 8)
    size = int.from_bytes(head, "little")
    if len(head) < 8 or not 2 <= size <= MAX_HEADER:
        raise _not_safetensors(name)
    try:
        header = json.loads(_read_exactly(file, 8, size, name))
    except ValueError:
        raise _not_safetensors(name) from None
    tensors = {}
    for key in (f"features.{index}.{part}" for index in LAYER_INDICES[:layers] for part in ("weight", "bias")):
        entry = header.get(key) if isinstance(header, dict) else None
        try:
            start, end = map(int, entry["data_offsets"])  # type: ignore[index]
        except (TypeError, KeyError, ValueError):
            raise WeightsError(f"{name} has no tensor {key}, so it is not VGG-19; {vgg19.HOW_TO_GET}") from None
        tensors[key] = (dict(entry), _read_exactly(file, 8 + size + start, end - start, name))  # type: ignore[arg-type]
    return tensors


def _not_safetensors(name: str) -> WeightsError:
    return WeightsError(
        f"{name} is not a safetensors file; name one with --from, or leave --from out for torchvision's weights"
    )


def _read_exactly(file: RemoteFile, start: int, length: int, name: str) -> bytes:
    data = file.read(start, length)
    if len(data) != length:
        raise WeightsError(f"{name} broke off after {len(data)} of {length} bytes; try again")
    return data


def _read_torch_file(path: Path, layers: int) -> dict[str, tuple[dict[str, object], bytes]]:
    """Read the wanted tensors of PyTorch's own file format, as `_read_first_layers` returns them."""
    if not path.is_file():
        raise WeightsError(f"there is no weights file {str(path)!r}; check the path")
    trained = vgg19.load_layers(path, layers)
    tensors: dict[str, tuple[dict[str, object], bytes]] = {}
    for index, weight, bias in zip(LAYER_INDICES, trained.weights, trained.biases, strict=False):
        tensors |= {f"features.{index}.weight": _to_entry(weight), f"features.{index}.bias": _to_entry(bias)}
    return tensors


def _to_entry(tensor: Tensor) -> tuple[dict[str, object], bytes]:
    return {"dtype": "F32", "shape": list(tensor.shape)}, tensor.contiguous().numpy().astype("<f4").tobytes()


def _to_safetensors(tensors: Mapping[str, tuple[dict[str, object], bytes]]) -> bytes:
    """Return a safetensors file of these tensors, whose bytes are not changed."""
    header, content = {}, b""
    for key, (entry, data) in tensors.items():
        header[key] = {**entry, "data_offsets": [len(content), len(content) + len(data)]}
        content += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content


def _store(folder: Path, content: bytes, layers: int) -> Path:
    """Check the layers' shapes and numbers, and write them to the cache folder. Raise WeightsError."""
    path = folder / vgg19.CACHED_NAME.format(layers)
    with TemporaryDirectory() as scratch:
        candidate = Path(scratch) / path.name
        _write(candidate, content)
        vgg19.load_layers(candidate, layers)
    _write(path, content)
    return path


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except (OSError, OutputError) as error:
        raise WeightsError(f"{str(path)!r} cannot be written ({error}); check the cache folder") from None


def _read_digests(folder: Path) -> Mapping[str, str]:
    """Return the digests of earlier downloads by source and number of layers."""
    try:
        digests = json.loads((folder / DIGESTS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise WeightsError(f"{str(folder)!r} is not a usable folder ({error.strerror}); name another one") from None
    except ValueError:
        raise WeightsError(f"{str(folder / DIGESTS_FILE)!r}, which has the digests, is damaged; delete it") from None
    return digests if isinstance(digests, dict) else {}
