"""The benchmark of videos: its clip, and its table at a small size."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from benchmarks.clip import make_clip
from benchmarks.video import measure, write_clip, write_sheet
from PIL import Image

from barestyle import samples
from barestyle.clips.search_painter import SearchPainter
from barestyle.presets import preset
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.spec import with_settings

pytest.importorskip("cv2", reason="opencv is an extra (video)")


def test_the_clip_moves_and_is_the_same_every_time() -> None:
    frames = make_clip(3, 54, 96)
    assert all(frame.shape == (1, 3, 54, 96) for frame in frames)
    assert float((frames[2] - frames[0]).abs().mean()) > 0.01
    torch.testing.assert_close(torch.cat(make_clip(3, 54, 96)), torch.cat(frames), rtol=0, atol=0)


def test_a_small_table(tmp_path: Path) -> None:
    frames = make_clip(3, 36, 64)
    spec = with_settings(preset("bare-fast").spec, {"size": 64, "network.channels": 4, "optimizer.steps": 4})
    plan = prepare(Request(frames[0], samples.style("swirls"), spec))
    painter = SearchPainter(plan)
    video, independent, table = measure(plan, frames, painter, painter)
    assert len(video) == len(independent) == 3
    torch.testing.assert_close(video[0], independent[0], rtol=0, atol=0)
    assert [row["frames"] for row in table.rows] == ["video", "independent"]
    assert table.rows[0]["warping error"] < table.rows[1]["warping error"]
    write_sheet(tmp_path / "sheet.png", [frames, video, independent])
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (3 * 64, 3 * 36)
    write_clip(tmp_path / "clip.webp", [frames, video, independent])
    with Image.open(tmp_path / "clip.webp") as clip:
        assert (clip.size, getattr(clip, "n_frames", 1)) == ((3 * 64, 36), 4), "forward and backward again"
