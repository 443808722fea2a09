"""The runtime for browsers: from a folder, from the cache, and from an npm that these tests replace."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from barestyle.errors import WebRuntimeError
from barestyle.feed_forward import web_runtime
from barestyle.feed_forward.web_runtime import SCRIPT, VERSION, WASM, WebRuntime, load_runtime

CONTENTS = {SCRIPT: b"export {};", WASM: b"\0asm"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the digests are those of CONTENTS."""
    for name, content in CONTENTS.items():
        monkeypatch.setitem(web_runtime.DIGESTS, name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(web_runtime, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    return tmp_path / "cache" / f"onnxruntime-web-{VERSION}"


def make_archive(contents: dict[str, bytes]) -> bytes:
    """Return a package as npm packs it, with a file that would be written outside."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        for name, content in {"package/../../outside": b"", **contents}.items():
            member = tarfile.TarInfo(name if name.startswith("package") else f"package/dist/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def install_npm(folder: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes, errors: str = "", code: int = 0) -> Path:
    """Put a program in place of npm, which copies an archive to --pack-destination; return the log of its arguments."""
    log = folder / "arguments.txt"
    (folder / "archive.tgz").write_bytes(archive)
    program = folder / "npm"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, shutil, sys\n"
        f"pathlib.Path({str(log)!r}).write_text(' '.join(sys.argv[1:]))\n"
        f"sys.stderr.write({errors!r})\n"
        "target = sys.argv[sys.argv.index('--pack-destination') + 1]\n"
        f"{code} or shutil.copy({str(folder / 'archive.tgz')!r}, target)\n"
        f"sys.exit({code})\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return log


def test_npm_downloads_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = install_npm(tmp_path, monkeypatch, make_archive(CONTENTS))
    assert not web_runtime.is_downloaded()
    assert load_runtime() == WebRuntime(CONTENTS[SCRIPT], CONTENTS[WASM])
    assert log.read_text().startswith(f"pack onnxruntime-web@{VERSION} --ignore-scripts ")
    assert {path.name for path in cache.iterdir()} == set(CONTENTS)
    assert web_runtime.is_downloaded()
    log.unlink()
    assert load_runtime() == WebRuntime(CONTENTS[SCRIPT], CONTENTS[WASM])
    assert not log.exists(), "it comes from the cache"
    assert not (tmp_path.parent / "outside").exists()


@pytest.mark.parametrize("inside", ["", "dist"])
def test_a_folder(tmp_path: Path, inside: str) -> None:
    folder = tmp_path / "package"
    (folder / inside).mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / inside / name).write_bytes(content)
    assert load_runtime(folder) == WebRuntime(CONTENTS[SCRIPT], CONTENTS[WASM])
    (folder / inside / SCRIPT).write_bytes(b"export { other };")
    with pytest.raises(WebRuntimeError, match=f"is damaged or not of version {VERSION}; unpack onnxruntime-web"):
        load_runtime(folder)
    (folder / inside / SCRIPT).unlink()
    with pytest.raises(WebRuntimeError, match="cannot be read"):
        load_runtime(folder)


def test_a_damaged_cache(cache: Path) -> None:
    cache.mkdir(parents=True)
    for name in CONTENTS:
        (cache / name).write_bytes(b"half")
    with pytest.raises(WebRuntimeError, match=f"is damaged.*delete the folder '{cache}', so that it is downloaded"):
        load_runtime()


def test_no_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WebRuntimeError, match=r"npm is not installed; install Node\.js, or unpack .* with --runtime"):
        load_runtime()


@pytest.mark.parametrize(
    ("archive", "errors", "code", "sentence"),
    [
        (b"", "npm error code E404\nnpm error 404 Not Found\n", 1, r"\(404 Not Found\); check the network"),
        (b"", "npm error errno X\nnpm error network request failed\n", 1, r"\(network request failed\)"),
        (b"", "", 3, r"\(exit code 3\); check the network"),
        (b"no archive", "", 0, r"is damaged \(not a gzip file\); try again"),
        (make_archive(CONTENTS)[:80], "", 0, "is damaged .*; try again"),
        (make_archive({**CONTENTS, WASM: b"other"}), "", 0, "is damaged or not of version"),
        (make_archive({SCRIPT: CONTENTS[SCRIPT]}), "", 0, "cannot be read .*; try again"),
    ],
    ids=["unknown version", "no network", "no message", "no archive", "truncated", "other contents", "file missing"],
)
def test_a_download_that_fails_leaves_no_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes, errors: str, code: int, sentence: str
) -> None:
    install_npm(tmp_path, monkeypatch, archive, errors, code)
    with pytest.raises(WebRuntimeError, match=sentence):
        load_runtime()
    assert not cache.exists()


def test_a_cache_that_cannot_be_written(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_npm(tmp_path, monkeypatch, make_archive(CONTENTS))
    cache.parent.write_text("a file")
    with pytest.raises(WebRuntimeError, match=r"cannot be written .*; check the cache folder"):
        load_runtime()
