"""Files with several images: the first one is read, and a warning says so. Videos are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch

from barestyle.errors import ImageError
from barestyle.images import read
from tests.conftest import drawing
from tests.images.samples import IMAGE, SAMPLES_16

OTHERS = [drawing(IMAGE.width, IMAGE.height, seed) for seed in (6, 7)]


@pytest.mark.parametrize(
    ("name", "unit", "options"),
    [
        ("a.gif", "frames", {}),
        ("a.png", "frames", {}),
        ("a.webp", "frames", {"lossless": True}),
        ("a.avif", "frames", {"quality": 100}),
        ("a.tif", "pages", {}),
    ],
)
def test_the_first_of_several_is_read(tmp_path: Path, name: str, unit: str, options: dict[str, Any]) -> None:
    IMAGE.save(tmp_path / name, save_all=True, append_images=OTHERS, **options)
    with pytest.warns(UserWarning, match=rf"a\.\w+' has 3 {unit}; the first one is used"):
        picture = read(tmp_path / name)
    assert picture.frames == 3
    IMAGE.save(tmp_path / f"single{name[1:]}", **options)
    single = read(tmp_path / f"single{name[1:]}")
    assert single.frames == 1
    torch.testing.assert_close(picture.pixels, single.pixels, rtol=0, atol=0.1 if name == "a.avif" else 0)


def test_pages_of_16_bits(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([SAMPLES_16, SAMPLES_16[::-1]]), photometric="rgb")
    with pytest.warns(UserWarning, match="has 2 pages; the first one is used"):
        picture = read(tmp_path / "a.tif")
    expected = torch.from_numpy(SAMPLES_16 / 65535).permute(2, 0, 1)[None].float()
    torch.testing.assert_close(picture.pixels, expected)


def test_previews_are_not_counted(tmp_path: Path) -> None:
    """Cameras write small copies: as reduced pages of a TIFF, and as further images of a JPEG (MPO)."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(SAMPLES_16, photometric="rgb", metadata=None)
        file.write(SAMPLES_16[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
    IMAGE.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[IMAGE.resize((10, 7))])
    assert [read(tmp_path / name).frames for name in ("a.tif", "a.jpg")] == [1, 1]


def test_damage_after_the_first_frame_does_no_harm(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "a.gif", save_all=True, append_images=OTHERS)
    with pytest.warns(UserWarning, match="3 frames"):
        whole = read(tmp_path / "a.gif")
    data = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "a.gif").write_bytes(data[: len(data) * 2 // 5])
    assert torch.equal(read(tmp_path / "a.gif").pixels, whole.pixels)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
        ("a.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
        ("old.mov", b"\0\0\0\x08wide\0\0\x10\0mdat"),
        ("a.webm", b"\x1aE\xdf\xa3\x9fB\x86\x81\x01"),
        ("a.avi", b"RIFF\0\0\0\0AVI LIST"),
        ("a.mpg", b"\0\0\x01\xba\x44\0\x04\0"),
        ("renamed.jpg", b"\0\0\0\x1cftypisom\0\0\x02\0"),
        ("a.mts", b"\0\0\0\0G@\0\x10\0\0"),
    ],
)
def test_a_video_is_refused_with_the_way_to_a_frame(tmp_path: Path, name: str, start: bytes) -> None:
    (tmp_path / name).write_bytes(start + bytes(1000))
    with pytest.raises(
        ImageError, match=r"is a video; give an image, such as a frame exported with `ffmpeg -i"
    ) as error:
        read(tmp_path / name)
    assert f"{Path(name).stem}.png`" in str(error.value)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_an_image_with_the_name_of_a_video_is_an_image(tmp_path: Path, suffix: str) -> None:
    IMAGE.save(tmp_path / f"a{suffix}", "PNG")
    assert read(tmp_path / f"a{suffix}").width == IMAGE.width
