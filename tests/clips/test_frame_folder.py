"""Folders of numbered images as clips."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from barestyle.clips.frame import Selection
from barestyle.clips.frame_folder import FrameFolder
from barestyle.clips.open import open_clip
from barestyle.errors import VideoError
from tests.clips.cases import pan, to_samples

FRAMES = pan(12, 24, 32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, frame in enumerate(FRAMES):
        Image.fromarray(to_samples(frame)).save(tmp_path / f"shot{number}.png")
    (tmp_path / "notes.txt").write_text("not an image")
    Image.new("RGB", (8, 8)).save(tmp_path / ".hidden.png")
    return tmp_path


def test_images_come_in_the_order_of_their_numbers(folder: Path) -> None:
    clip = open_clip(folder)
    frames = list(clip.frames())
    assert [frame.name for frame in frames] == [f"shot{number}" for number in range(12)]
    assert [frame.pts for frame in frames] == list(range(12))
    assert (clip.size, clip.count) == ((24, 32), 12)
    for frame, expected in zip(frames, FRAMES, strict=True):
        torch.testing.assert_close(frame.load(), expected, rtol=0, atol=0.5 / 255 + 1e-6)


def test_a_selection_counts_25_frames_a_second(folder: Path) -> None:
    frames = list(FrameFolder(folder, Selection(0.08, 0.4, 3)).frames())
    assert [frame.name for frame in frames] == ["shot2", "shot5", "shot8"]
    assert [frame.pts for frame in frames] == [0, 3, 6]


def test_every_format_that_can_be_read_is_a_frame(folder: Path) -> None:
    Image.new("RGB", (32, 24)).save(folder / "shot500.bmp")
    assert [frame.name for frame in FrameFolder(folder).frames()][-1] == "shot500"


def test_the_fingerprint_changes_with_a_file(folder: Path) -> None:
    before = FrameFolder(folder).fingerprint
    assert FrameFolder(folder).fingerprint == before
    Image.new("RGB", (32, 24), (1, 2, 3)).save(folder / "shot5.png")
    assert FrameFolder(folder).fingerprint != before


def test_bad_folders_are_one_sentence(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(VideoError, match="has no image"):
        FrameFolder(tmp_path_factory.mktemp("empty"))
    (folder / "shot3.png").write_bytes(b"damaged")
    with pytest.raises(VideoError, match=r"shot3\.png"):
        [frame.load() for frame in FrameFolder(folder).frames()]
    Image.new("RGB", (30, 24)).save(folder / "shot3.png")
    with pytest.raises(VideoError, match=r"has 32 x 24 pixels, and .*shot3\.png' has 30 x 24"):
        FrameFolder(folder)
