"""Read parts of a file on disk, at a URL, or on the Hugging Face Hub, and count the bytes that were read.

fsspec is not used for URLs: its HTTP client needs aiohttp, and it cannot seek on a server without range requests.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol

from barestyle.errors import WeightsError

HUB_FILE = "timm/vgg19.tv_in1k/model.safetensors"
"""Torchvision's IMAGENET1K_V1 weights as safetensors, on the Hugging Face Hub."""

TIMEOUT = 30
"""Seconds to wait for an answer of the server."""


class RemoteFile(Protocol):
    """A file whose parts can be read; `bytes_read` counts the bytes that were transferred."""

    bytes_read: int

    def read(self, start: int, length: int) -> bytes:
        """Return `length` bytes from `start` on; fewer at the end of the file."""


@contextmanager
def open_remote(source: str | None) -> Iterator[RemoteFile]:
    """Open a file, a URL, or with None the file on the hub. Every error inside the block becomes a WeightsError."""
    try:
        if source is None:
            from huggingface_hub import HfFileSystem

            with HfFileSystem().open(HUB_FILE, "rb", block_size=2**16) as file:
                yield _SeekableFile(file)
        elif is_url(source):
            with closing(_Url(source)) as url:
                yield url
        else:
            with Path(source).expanduser().open("rb") as file:
                yield _SeekableFile(file)
    except WeightsError:
        raise
    except (OSError, HTTPException, ValueError) as error:  # ValueError: an invalid URL
        raise _unreadable(source, error) from None
    except Exception as error:
        if source is not None:
            raise
        raise _unreadable(source, error) from None  # the hub's client has many exception classes


def is_url(source: str) -> bool:
    """Whether a source is an http or https URL."""
    return source.startswith(("http://", "https://"))


def _unreadable(source: str | None, error: Exception) -> WeightsError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return WeightsError(
        f"{source or HUB_FILE + ' on the Hugging Face Hub'} cannot be read ({reason}); check the network, "
        "or download the file in another way and name it with --from FILE"
    )


class _SeekableFile:
    def __init__(self, file: Any) -> None:
        self._file = file
        self.bytes_read = 0

    def read(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        data = bytes(self._file.read(length))
        self.bytes_read += len(data)
        return data


class _Url:
    """A URL read by range requests; from a server that ignores them the file is read once, as far as needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stream: Any = None
        self._buffer = bytearray()
        self.bytes_read = 0

    def read(self, start: int, length: int) -> bytes:
        if self._stream is None:
            request = urllib.request.Request(self._url, headers={"Range": f"bytes={start}-{start + length - 1}"})
            response = urllib.request.urlopen(request, timeout=TIMEOUT)  # is_url allows http(s) only
            if response.status == 206:
                with response:
                    data = bytes(response.read(length))
                self.bytes_read += len(data)
                return data
            self._stream = response
        self._buffer += self._stream.read(max(0, start + length - len(self._buffer)))
        self.bytes_read = max(self.bytes_read, len(self._buffer))
        return bytes(self._buffer[start : start + length])

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
