"""What every video format must show: each frame at its time, in its colors, at its size."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import preset, transfer, with_settings
from barestyle.video import FORMATS, VideoWriter
from tests.conftest import drawing, planes
from tests.video.playback import EXTENSIONS, HOLD_FRAMES, TOLERANCE, difference, drawings, needs_av, play, record


@pytest.mark.parametrize("size", [(48, 64), (47, 65)])
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_frame_is_shown_at_its_time(tmp_path: Path, extension: str, size: tuple[int, int]) -> None:
    images = drawings(5, *size)
    height, width = size
    video = record(tmp_path / f"a{extension}", images)
    frames = play(video.path)
    assert len(frames) == len(images) - 1 + HOLD_FRAMES
    assert video.size == size
    for number, frame in enumerate(frames):
        errors = [difference(frame[..., :height, :width], image) for image in images]
        assert errors[min(number, 4)] < TOLERANCE
        assert sorted(errors)[1] > 0.1


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 2), (17, 16)])
def test_a_single_frame_is_shown_for_two_seconds(tmp_path: Path, extension: str, size: tuple[int, int]) -> None:
    image = torch.tensor([0.8, 0.1, 0.4]).view(1, 3, 1, 1).expand(1, 3, *size)
    frames = play(record(tmp_path / f"a{extension}", [image]).path)
    assert len(frames) == HOLD_FRAMES
    for frame in (frames[0], frames[-1]):
        assert float((frame[..., : size[0], : size[1]] - image).abs().max()) < 0.012


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_long_pause_in_a_video(tmp_path: Path, extension: str) -> None:
    """Equal frames, which a format may merge, keep their time."""
    moving = drawings(25, 48, 64)
    images = [*moving, *[moving[-1]] * 24, *moving[:3]]
    frames = play(record(tmp_path / f"a{extension}", images).path)
    assert len(frames) == len(images) - 1 + HOLD_FRAMES
    for number, frame in enumerate(frames):
        assert difference(frame, images[min(number, len(images) - 1)]) < TOLERANCE


@pytest.mark.parametrize(
    ("extension", "size"), [pytest.param(".mp4", (640, 1280), marks=needs_av), (".gif", (240, 480))]
)
def test_large_images_are_reduced(tmp_path: Path, extension: str, size: tuple[int, int]) -> None:
    image = drawing(1600, 800, seed=4)
    video = record(tmp_path / f"a{extension}", [planes(image)])
    assert video.size == size
    frame = play(video.path)[0]
    assert frame.shape[-2:] == size
    assert difference(frame, planes(image.resize((size[1], size[0]), Image.Resampling.BICUBIC)), pool=1) < 0.01
    assert FORMATS[extension].longest_side == max(size)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_values_out_of_range_are_clipped(tmp_path: Path, extension: str) -> None:
    color = torch.tensor([1.2, -0.2, 0.5]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    frame = play(record(tmp_path / f"a{extension}", [color]).path)[0]
    assert difference(frame, color.clamp(0, 1)) < 0.01


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_same_images_give_the_same_video(tmp_path: Path, extension: str) -> None:
    """Also in float64, and with gradients recorded."""
    images = drawings(3, 32, 48)
    others = [image.double().requires_grad_() for image in images]
    one, other = (record(tmp_path / f"{name}{extension}", given).path for name, given in (("a", images), ("b", others)))
    if extension != ".mp4":
        assert one.read_bytes() == other.read_bytes()
        return
    # x264 uses several threads: on a busy machine two MP4 files of some 9000 differed in bytes, not in what they show.
    # With 25 x 32 pixels, whole frames differed by 2 of 255 in one of some 15 runs; the cause is not known.
    pairs = zip(play(one), play(other), strict=True)
    assert max(difference(*frames) for frames in pairs) < 1e-3


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_video_of_a_run(tmp_path: Path, content: Tensor, style: Tensor, extension: str) -> None:
    spec = with_settings(preset("bare-fast").spec, {"network.channels": 4, "scales": "single", "content_loss": "none"})
    with VideoWriter(tmp_path / f"a{extension}", 48, 64, force=False) as video:
        result = transfer(content, style, spec, on_progress=lambda progress: video.add(progress.picture()))
    frames = play(video.path)
    assert video.frames == len(result.losses)
    assert len(frames) == video.frames - 1 + HOLD_FRAMES
    assert difference(frames[-1], result.image) < TOLERANCE
    assert difference(frames[0], content) < TOLERANCE
    assert difference(content, result.image) > 2 * TOLERANCE
