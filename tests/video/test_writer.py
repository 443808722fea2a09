"""Films, read back by PyAV and Pillow: frames, durations, sizes, colors; whole or not at all; what is refused."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageSequence
from torch import Tensor

from barestyle import preset, transfer, with_settings
from barestyle.errors import ImageError, OutputError
from barestyle.video.writer import FRAME_MS, HOLD_MS, KINDS, WEBP_GROUP, VideoWriter, check_video
from tests.conftest import drawing, planes

needs_av = pytest.mark.skipif(find_spec("av") is None, reason="the package av is not installed")
EXTENSIONS = [pytest.param(extension, marks=[needs_av] if extension == ".mp4" else []) for extension in KINDS]
HELD = HOLD_MS // FRAME_MS
"""Frames that the last one stands for."""


def pictures(count: int, height: int, width: int) -> list[Tensor]:
    """Drawings without anything in common."""
    return [planes(drawing(width, height, seed)) for seed in range(count)]


def filmed(path: Path, frames: list[Tensor]) -> VideoWriter:
    with VideoWriter(path, *frames[0].shape[-2:], force=False) as film:
        for frame in frames:
            film.add(frame)
    assert film.frames == len(frames)
    return film


def timeline(path: Path) -> list[Tensor]:
    """What is seen at every twenty-fifth of a second, each (1, 3, H, W) in 0..1."""
    if path.suffix == ".mp4":
        import av

        with av.open(path) as container:
            frames = [
                frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG", dst_color_range="JPEG")
                for frame in container.decode(video=0)
            ]
            return [planes(Image.fromarray(frame.to_ndarray())) for frame in frames]
    seen = []
    with Image.open(path) as image:
        for frame in ImageSequence.Iterator(image):
            shown = planes(frame)  # loads it; only then its duration is known
            frames, rest = divmod(frame.info["duration"], FRAME_MS)
            assert rest == 0
            seen += [shown] * frames
    return seen


def difference(one: Tensor, other: Tensor, pool: int = 4) -> float:
    """Mean error of 4 x 4 pixels together, as dots and halved colors are seen: a drawing, moved by one, has 0.015."""
    return float((F.avg_pool2d(one, pool) - F.avg_pool2d(other, pool)).abs().mean())


NEAR = 0.013
"""Differences that kinds of film may make, a little less than moving a drawing by one pixel does."""


@pytest.mark.parametrize("size", [(48, 64), (47, 65)])
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_picture_is_seen_in_its_time(tmp_path: Path, extension: str, size: tuple[int, int]) -> None:
    frames = pictures(5, *size)
    height, width = size
    film = filmed(tmp_path / f"a{extension}", frames)
    seen = timeline(film.path)
    assert len(seen) == len(frames) - 1 + HELD
    assert film.size == size
    for number, shown in enumerate(seen):
        errors = [difference(shown[..., :height, :width], frame) for frame in frames]
        assert errors[min(number, 4)] < NEAR
        assert sorted(errors)[1] > 0.1


@needs_av
def test_an_odd_side_of_an_mp4_gets_its_last_line_twice(tmp_path: Path) -> None:
    film = filmed(tmp_path / "a.mp4", [planes(drawing(65, 47, seed=3))])
    shown = timeline(film.path)[0]
    assert shown.shape == (1, 3, 48, 66)
    assert difference(shown[..., 47:, :], shown[..., 46:47, :], pool=1) < 0.01
    assert difference(shown[..., 65:], shown[..., 64:65], pool=1) < 0.01


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 2), (17, 16)])
def test_a_single_picture_stands_for_two_seconds(tmp_path: Path, extension: str, size: tuple[int, int]) -> None:
    picture = torch.tensor([0.8, 0.1, 0.4]).view(1, 3, 1, 1).expand(1, 3, *size)
    seen = timeline(filmed(tmp_path / f"a{extension}", [picture]).path)
    assert len(seen) == HELD
    for shown in (seen[0], seen[-1]):
        assert float((shown[..., : size[0], : size[1]] - picture).abs().max()) < 0.012


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_long_films_with_pauses(tmp_path: Path, extension: str) -> None:
    """More frames than WebP's groups have, and a pause that is longer than one of them."""
    moving = pictures(2 * WEBP_GROUP + 1, 48, 64)
    frames = [*moving, *[moving[-1]] * 2 * WEBP_GROUP, *moving[:3]]
    seen = timeline(filmed(tmp_path / f"a{extension}", frames).path)
    assert len(seen) == len(frames) - 1 + HELD
    for number, shown in enumerate(seen):
        assert difference(shown, frames[min(number, len(frames) - 1)]) < NEAR


@pytest.mark.parametrize(
    ("extension", "size"),
    [
        pytest.param(".mp4", (640, 1280), marks=needs_av),
        (".gif", (240, 480)),
        (".webp", (512, 1024)),
    ],
)
def test_larger_pictures_are_shrunk(tmp_path: Path, extension: str, size: tuple[int, int]) -> None:
    image = drawing(1600, 800, seed=4)
    film = filmed(tmp_path / f"a{extension}", [planes(image)])
    assert film.size == size
    shown = timeline(film.path)[0]
    assert shown.shape[-2:] == size
    assert difference(shown, planes(image.resize((size[1], size[0]), Image.Resampling.BICUBIC)), pool=1) < 0.01
    assert KINDS[extension].longest_side == max(size)


@needs_av
@pytest.mark.parametrize("color", [(200, 30, 90), (0, 0, 0), (255, 255, 255), (10, 240, 60), (0, 0, 255)])
def test_an_mp4_has_the_colors_of_bt709_and_says_so(tmp_path: Path, color: tuple[int, int, int]) -> None:
    """Against the definition: ITU-R BT.709-6, items 3.2 to 3.4 with the 8-bit levels of item 4.6."""
    import av

    picture = torch.tensor(color).view(1, 3, 1, 1).expand(1, 3, 32, 48) / 255
    film = filmed(tmp_path / "a.mp4", [picture] * 2)
    red, green, blue = (value / 255 for value in color)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    levels = 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748
    with av.open(film.path) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 25
        # Each is 1: BT.709 in ITU-T H.273 thrice, and ffmpeg's number for 16..235.
        coded = stream.codec_context
        tags = (coded.color_primaries, coded.color_trc, coded.colorspace, coded.color_range)
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]
        for plane, level in zip(frame.planes, levels, strict=True):
            stored = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
            assert np.abs(stored - level).max() <= 1


@needs_av
def test_the_index_of_an_mp4_comes_first(tmp_path: Path) -> None:
    data = filmed(tmp_path / "a.mp4", pictures(3, 48, 64)).path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_gif_has_no_bands(tmp_path: Path) -> None:
    """Seen from afar, a picture of far more than 256 colors is right: errors are diffused."""
    y, x = torch.meshgrid(torch.linspace(0, 1, 288), torch.linspace(0, 1, 384), indexing="ij")
    picture = torch.stack([x, y, (x + 1 - y) / 2])[None]
    shown = timeline(filmed(tmp_path / "a.gif", [picture]).path)[0]
    banded = planes(Image.fromarray(samples(picture)).quantize(256).convert("RGB"))
    assert difference(banded, picture) > 0.01
    assert difference(shown, picture) < 0.004
    colors = {tuple(color) for color in samples(shown).reshape(-1, 3).tolist()}
    assert 200 < len(colors) <= 256


def samples(picture: Tensor) -> np.ndarray[Any, Any]:
    levels: np.ndarray[Any, Any] = (picture[0].permute(1, 2, 0) * 255).round().byte().numpy()
    return levels


def test_a_webp_says_whether_frames_shine_through(tmp_path: Path) -> None:
    """As its container's specification asks: a bit of VP8X (0x10) where a frame has an ALPH chunk, and only there."""
    still = pictures(1, 48, 64)[0]
    moved = still.clone()
    moved[..., 10:20, 10:20] = 1 - moved[..., 10:20, 10:20]
    moved[..., 30:40, 40:50] = 1 - moved[..., 30:40, 40:50]
    for name, frames in (("a", [still, moved, still]), ("b", [still])):
        data = filmed(tmp_path / f"{name}.webp", frames).path.read_bytes()
        assert data[12:16] == b"VP8X"
        assert bool(data[20] & 0x10) == (b"ALPH" in data) == (name == "a")
        assert int.from_bytes(data[4:8], "little") == len(data) - 8


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_values_out_of_range_are_cut(tmp_path: Path, extension: str) -> None:
    color = torch.tensor([1.2, -0.2, 0.5]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    shown = timeline(filmed(tmp_path / f"a{extension}", [color]).path)[0]
    assert difference(shown, color.clamp(0, 1)) < 0.01


@pytest.mark.parametrize("extension", [".gif", ".webp"])
def test_films_for_pages_begin_again(tmp_path: Path, extension: str) -> None:
    with Image.open(filmed(tmp_path / f"a{extension}", pictures(2, 24, 32)).path) as image:
        assert image.info["loop"] == 0


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_same_pictures_give_the_same_bytes(tmp_path: Path, extension: str) -> None:
    """Also in float64, and where gradients are being recorded."""
    frames = pictures(3, 25, 32)
    others = [frame.double().requires_grad_() for frame in frames]
    one, other = (filmed(tmp_path / f"{name}{extension}", some).path for name, some in (("a", frames), ("b", others)))
    if extension != ".mp4":
        assert one.read_bytes() == other.read_bytes()
        return
    # On a busy machine two MP4s of some 9000 had other bytes, for no reason found yet; what is seen is the same.
    shown = zip(timeline(one), timeline(other), strict=True)
    assert max(difference(*frames) for frames in shown) < 1e-3


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_frames_leave_the_memory_as_they_come(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    generator = torch.Generator().manual_seed(0)
    with VideoWriter(path, 96, 128, force=False) as film:
        for _ in range(60):
            film.add(torch.rand(1, 3, 96, 128, generator=generator))
        (part,) = tmp_path.iterdir()
        assert part != path
        on_its_way = part.stat().st_size
    assert path.stat().st_size > on_its_way > path.stat().st_size / 4
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_exception_leaves_the_old_file_and_no_other(
    tmp_path: Path, extension: str, kind: type[BaseException]
) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    with pytest.raises(kind), VideoWriter(path, 24, 32, force=True) as film:  # noqa: PT012  # raised between frames
        for frame in pictures(3, 24, 32):
            film.add(frame)
        raise kind
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_existing_film_is_replaced_when_asked(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    (tmp_path / "other").touch()
    (frame,) = pictures(1, 24, 32)
    with VideoWriter(path, 24, 32, force=True) as film:
        film.add(frame)
    assert len(timeline(path)) == HELD
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_without_pictures_there_is_no_film(tmp_path: Path, extension: str) -> None:
    with VideoWriter(tmp_path / f"a{extension}", 24, 32, force=False) as film:
        pass
    assert film.frames == 0
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_another_size_are_refused_and_the_film_goes_on(tmp_path: Path) -> None:
    (frame,) = pictures(1, 24, 32)
    with VideoWriter(tmp_path / "a.gif", 24, 32, force=False) as film:
        film.add(frame)
        for other in (frame[..., 1:], frame[0], frame[:, :1], torch.cat([frame, frame])):
            with pytest.raises(ImageError, match=r"is no frame of this film; give \(1, 3, 24, 32\)"):
                film.add(other)
    assert len(timeline(film.path)) == HELD


@needs_av
@pytest.mark.parametrize("name", ["a:b.mp4", "pipe:1.mp4", "%03d.mp4", "-ä b'.MP4"])
def test_names_that_ffmpeg_could_misread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    filmed(Path(name), pictures(2, 24, 32))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "there.gif").touch()
    (tmp_path / "folder.gif").mkdir()
    for name, force, message in (
        ("a.avi", False, r"does not end in a known kind of film; use one of \.mp4, \.gif, \.webp"),
        ("noextension", True, "does not end in a known kind of film"),
        ("there.gif", False, "exists; choose another name, or overwrite it with --force"),
        ("folder.gif", True, "is a folder; name a file in it, like .*folder.gif/out.gif"),
        ("nowhere/a.webp", False, "cannot write to the folder .*nowhere"),
        ("there.gif/a.webp", False, "cannot write to the folder"),
        ("x" * 240 + ".webp", False, "File name too long.*; choose a shorter name"),
        ("x" * 300 + ".webp", True, "cannot be an output.*File name too long"),
    ):
        with pytest.raises(OutputError, match=message):
            VideoWriter(tmp_path / name, 24, 32, force=force)
    check_video(tmp_path / "there.gif", force=True)
    check_video(tmp_path / "new.WEBP", force=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.gif", "there.gif"]


def test_an_mp4_without_its_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)  # what a missing module looks like to `import`
    remedy = r"\.mp4 needs the package av; pip install 'barestyle\[film\]', or use \.gif or \.webp"
    with pytest.raises(OutputError, match=remedy):
        VideoWriter(tmp_path / "a.mp4", 24, 32, force=False)
    filmed(tmp_path / "a.gif", pictures(1, 24, 32))


@needs_av
def test_an_mp4_without_its_encoder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("av.codecs_available", set())
    with pytest.raises(OutputError, match="needs libx264, which the package av lacks here"):
        VideoWriter(tmp_path / "a.mp4", 24, 32, force=False)


FULL = """
import resource, sys
from contextlib import suppress
from pathlib import Path
import torch
from barestyle.errors import OutputError
from barestyle.video.writer import VideoWriter

path, frames, caught = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "caught"
generator = torch.Generator().manual_seed(0)
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
try:
    with VideoWriter(path, 96, 128, force=True) as film, suppress(OutputError if caught else ()):
        for _ in range(frames):
            film.add(torch.rand(1, 3, 96, 128, generator=generator))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files' sizes cannot be limited there")
@pytest.mark.parametrize(("frames", "caught"), [(60, False), (60, True), (3, False)])
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, extension: str, frames: int, caught: bool) -> None:
    """By a limit on files' sizes: among many frames, also where the caller goes on without, and at the very end."""
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    command = [sys.executable, "-W", "error", "-c", FULL, str(path), str(frames), "caught" if caught else ""]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    sentence = f"{str(path)!r} cannot be written (File too large); free some space or choose another folder\n"
    assert done.stdout == ("" if caught else sentence)
    assert done.stderr == ""
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_run_is_filmed(tmp_path: Path, content: Tensor, style: Tensor, extension: str) -> None:
    spec = with_settings(preset("bare-fast").spec, {"network.channels": 4, "scales": "single", "content_loss": "none"})
    with VideoWriter(tmp_path / f"a{extension}", 48, 64, force=False) as film:
        result = transfer(content, style, spec, on_progress=lambda progress: film.add(progress.picture()))
    seen = timeline(film.path)
    assert film.frames == len(result.losses)
    assert len(seen) == film.frames - 1 + HELD
    assert difference(seen[-1], result.image) < NEAR
    assert difference(seen[0], content) < NEAR
    assert difference(content, result.image) > 2 * NEAR
