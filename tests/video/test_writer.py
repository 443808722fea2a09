"""VideoWriter: a complete file or none, after exceptions, on a full disk, and what is refused before any work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from barestyle.errors import ImageError, OutputError
from barestyle.video import VideoWriter, check_video
from tests.video.playback import EXTENSIONS, HOLD_FRAMES, drawings, play


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_exception_leaves_the_earlier_file_and_no_other(
    tmp_path: Path, extension: str, kind: type[BaseException]
) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    with pytest.raises(kind), VideoWriter(path, 24, 32, force=True) as video:  # noqa: PT012  # raised between frames
        for image in drawings(3, 24, 32):
            video.add(image)
        raise kind
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_existing_file_is_replaced_with_force(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    (tmp_path / "other").touch()
    (image,) = drawings(1, 24, 32)
    with VideoWriter(path, 24, 32, force=True) as video:
        video.add(image)
    assert len(play(path)) == HOLD_FRAMES
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_without_frames_no_file_is_written(tmp_path: Path, extension: str) -> None:
    with VideoWriter(tmp_path / f"a{extension}", 24, 32, force=False) as video:
        pass
    assert video.frames == 0
    assert list(tmp_path.iterdir()) == []


def test_images_of_another_shape_are_refused_and_the_video_continues(tmp_path: Path) -> None:
    (image,) = drawings(1, 24, 32)
    with VideoWriter(tmp_path / "a.gif", 24, 32, force=False) as video:
        video.add(image)
        for other in (image[..., 1:], image[0], image[:, :1], torch.cat([image, image])):
            with pytest.raises(ImageError, match=r"a frame of this video must have the shape \(1, 3, 24, 32\), not"):
                video.add(other)
    assert len(play(video.path)) == HOLD_FRAMES


def test_what_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "there.gif").touch()
    (tmp_path / "folder.gif").mkdir()
    for name, force, message in (
        ("a.avi", False, r"has no video extension that can be written; use one of \.mp4, \.gif"),
        ("a.webp", False, r"has no video extension that can be written; use one of \.mp4, \.gif"),
        ("noextension", True, "has no video extension that can be written"),
        ("there.gif", False, "exists; choose another name, or overwrite it with --force"),
        ("folder.gif", True, "is a folder; name a file in it, like .*folder.gif/out.gif"),
        ("nowhere/a.gif", False, "cannot write to the folder .*nowhere"),
        ("there.gif/a.gif", False, "cannot write to the folder"),
        ("x" * 240 + ".gif", False, "File name too long.*; choose a shorter name"),
        ("x" * 300 + ".gif", True, "cannot be an output.*File name too long"),
    ):
        with pytest.raises(OutputError, match=message):
            VideoWriter(tmp_path / name, 24, 32, force=force)
    check_video(tmp_path / "there.gif", force=True)
    check_video(tmp_path / "new.GIF", force=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.gif", "there.gif"]


WRITE_TO_A_FULL_DISK = """
import resource, sys
from contextlib import suppress
from pathlib import Path
import torch
from barestyle.errors import OutputError
from barestyle.video import VideoWriter

path, frames, is_caught = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "caught"
generator = torch.Generator().manual_seed(0)
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
try:
    with VideoWriter(path, 96, 128, force=True) as video, suppress(OutputError if is_caught else ()):
        for _ in range(frames):
            video.add(torch.rand(1, 3, 96, 128, generator=generator))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file sizes cannot be limited there")
@pytest.mark.parametrize(
    ("frames", "caught"),
    [(3, False), *(pytest.param(60, caught, marks=pytest.mark.slow) for caught in (False, True))],
)
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path: Path, extension: str, frames: int, caught: bool) -> None:
    """By a limit on file sizes: during `add`, also where the caller catches that error, and at the end.

    A GIF is written at the end, so its error cannot be caught around `add`.
    """
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    command = [sys.executable, "-W", "error", "-c", WRITE_TO_A_FULL_DISK, str(path), str(frames)]
    process = subprocess.run([*command, "caught" if caught else ""], capture_output=True, text=True, check=True)
    sentence = f"{str(path)!r} cannot be written (File too large); free some space or choose another folder\n"
    assert process.stdout == ("" if caught and extension == ".mp4" else sentence)
    assert process.stderr == ""
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
