"""ONNX Runtime for browsers: two files of the npm package onnxruntime-web, downloaded once and verified.

They are too large to ship with barestyle (14 MB), and a page that `barestyle export --web` writes contains them.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

from barestyle.atomic_files import write_atomically
from barestyle.errors import OutputError, WebRuntimeError

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"

SCRIPT = "ort.wasm.bundle.min.mjs"
WASM = "ort-wasm-simd-threaded.wasm"

DIGESTS = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""SHA-256 of the files of this version."""

DOWNLOAD_TIMEOUT = 600
"""Seconds; the package has 33 MB."""


@dataclass(frozen=True)
class WebRuntime:
    """ONNX Runtime for browsers.

    Attributes:
        script: the JavaScript module.
        wasm: the WebAssembly program.
    """

    script: bytes
    wasm: bytes


def load_runtime(folder: Path | None = None) -> WebRuntime:
    """Return the runtime from a folder, or from the user's cache, where npm downloads it first if it is not there.

    Args:
        folder: the unpacked npm package, or its folder `dist`; None for the user's cache.

    Raises:
        WebRuntimeError: the folder lacks a file or has another version, or the package cannot be downloaded.
    """
    if folder is not None:
        inside = folder / "dist"
        return _read(inside if inside.is_dir() else folder, f"unpack {PACKAGE} {VERSION} there, or leave out --runtime")
    cache = get_cache_folder()
    if not is_downloaded():
        _download(cache)
    return _read(cache, f"delete the folder {str(cache)!r}, so that it is downloaded again")


def is_downloaded() -> bool:
    """Return whether the user's cache has the runtime."""
    return all((get_cache_folder() / name).is_file() for name in DIGESTS)


def get_cache_folder() -> Path:
    """Return the folder of the downloaded runtime, such as ~/.cache/barestyle/onnxruntime-web-1.30.0."""
    return user_cache_path("barestyle", appauthor=False) / f"{PACKAGE}-{VERSION}"


def _read(folder: Path, remedy: str) -> WebRuntime:
    """Return the verified files of a folder. Raise WebRuntimeError."""
    contents = {}
    for name, digest in DIGESTS.items():
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise WebRuntimeError(f"{str(folder / name)!r} cannot be read ({error.strerror}); {remedy}") from None
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise WebRuntimeError(f"{str(folder / name)!r} is damaged or not of version {VERSION}; {remedy}")
    return WebRuntime(contents[SCRIPT], contents[WASM])


def _download(cache: Path) -> None:
    """Download the package with npm, and copy its verified files to the cache. Raise WebRuntimeError."""
    npm = shutil.which("npm")
    if npm is None:
        raise WebRuntimeError(
            f"the page needs {PACKAGE} {VERSION}, which npm downloads, but npm is not installed; install Node.js, or "
            "unpack the package and name its folder with --runtime"
        )
    with TemporaryDirectory() as scratch:
        archive = _pack(npm, Path(scratch))
        try:
            with tarfile.open(archive, "r:gz") as package:
                members = [member for member in package.getmembers() if _is_needed(member)]
                package.extractall(scratch, members, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise WebRuntimeError(f"the download of {PACKAGE} {VERSION} is damaged ({error}); try again") from None
        runtime = _read(Path(scratch) / "package" / "dist", "try again")
        try:
            cache.mkdir(parents=True, exist_ok=True)
            write_atomically(cache / SCRIPT, runtime.script)
            write_atomically(cache / WASM, runtime.wasm)
        except (OSError, OutputError) as error:
            raise WebRuntimeError(f"{str(cache)!r} cannot be written ({error}); check the cache folder") from None


def _is_needed(member: tarfile.TarInfo) -> bool:
    return member.isfile() and member.name in {f"package/dist/{name}" for name in DIGESTS}


def _pack(npm: str, folder: Path) -> Path:
    """Let npm download the package into a folder, and return the archive. Raise WebRuntimeError."""
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT)
        problem = "" if done.returncode == 0 else _find_reason(done.stderr.splitlines(), done.returncode)
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    archive = next(folder.glob("*.tgz"), None)
    if problem or archive is None:
        raise WebRuntimeError(
            f"npm could not download {PACKAGE} {VERSION} ({problem or 'it wrote no file'}); check the network, or "
            "unpack the package and name its folder with --runtime"
        )
    return archive


def _find_reason(lines: Iterable[str], code: int) -> str:
    """Return the line of npm's output that says what is wrong, behind those with codes of the error."""
    errors = [line.removeprefix("npm error").strip() for line in lines if line.startswith("npm error")]
    return next(
        (line for line in errors if line.split(" ")[0] not in ("code", "syscall", "errno")), f"exit code {code}"
    )
