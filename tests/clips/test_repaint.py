"""Painting a clip into a work folder: resuming at any frame, cuts, and clips that end early."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from barestyle.clips import work_folder
from barestyle.clips.frame import Clip, Frame
from barestyle.clips.repaint import ClipProgress, repaint
from barestyle.clips.work_folder import WorkFolder, check_space
from barestyle.errors import OutputError, VideoError
from barestyle.images import read
from tests.clips.cases import draw_texture, pan

SIZE = (24, 32)


class FramesInMemory:
    """A clip of tensors that cannot be read behind `readable` frames."""

    def __init__(self, frames: list[Tensor], readable: int | None = None) -> None:
        self.name = "memory"
        self.size = SIZE
        self.time_base = Fraction(1, 25)
        self.pixel_aspect = Fraction(1)
        self.count: int | None = len(frames)
        self.fingerprint = "0"
        self.notes: list[str] = []
        self._frames = frames
        self._readable = readable

    def frames(self) -> Iterator[Frame]:
        for number, frame in enumerate(self._frames):
            if number == self._readable:
                raise VideoError("the clip is damaged")
            yield Frame(number, f"{number:06}", number, 1, lambda frame=frame: frame)  # type: ignore[misc]


class Echo:
    """Paints the mean of all frames of a shot so far: every frame depends on all before it."""

    def __init__(self) -> None:
        self._mean = torch.zeros(1, 3, *SIZE)
        self._count = torch.zeros(())

    def paint(self, frame: Tensor, *, is_first_of_shot: bool) -> Tensor:
        self._count = torch.ones(()) if is_first_of_shot else self._count + 1
        self._mean = frame if is_first_of_shot else self._mean.lerp(frame, 1 / float(self._count))
        return self._mean

    def state(self) -> dict[str, Tensor]:
        return {"mean": self._mean, "count": self._count}

    def load_state(self, state: dict[str, Tensor]) -> None:
        self._mean, self._count = state["mean"], state["count"]


class Run(NamedTuple):
    folder: WorkFolder
    images: list[Tensor]


def run(path: Path, clip: Clip, *, stop_after: int | None = None, force: bool = False, key: str = "a") -> Run:
    folder = WorkFolder(path, {"key": key})
    state = folder.open(force=force)
    repaint(
        clip,
        Echo(),
        folder,
        SIZE,
        state=state,
        should_stop=lambda: stop_after is not None and folder.finished >= stop_after,
    )
    return Run(folder, [read(stored.path).pixels for stored in folder.list_frames()])


def test_the_current_folder_has_a_work_folder_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "frames" / "inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "frames")
    assert WorkFolder(Path(), {}).path == tmp_path / "frames.resume"
    monkeypatch.chdir(tmp_path / "frames" / "inner")
    assert WorkFolder(Path(".."), {}).path == tmp_path / "frames.resume"


FRAMES = [*pan(4, *SIZE), *(1 - frame for frame in pan(4, *SIZE, step=-2.0))]


@pytest.mark.parametrize("stop_after", [1, 3, 4, 5, 8])
def test_a_clip_continues_at_the_next_frame(tmp_path: Path, stop_after: int) -> None:
    expected = run(tmp_path / "whole.mp4", FramesInMemory(FRAMES)).images
    first = run(tmp_path / "out.mp4", FramesInMemory(FRAMES), stop_after=stop_after)
    assert first.folder.finished == len(first.images) == stop_after
    result = run(tmp_path / "out.mp4", FramesInMemory(FRAMES))
    assert len(result.images) == 8
    for one, other in zip(result.images, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_process_killed_between_frame_and_state_paints_the_frame_again(tmp_path: Path) -> None:
    expected = run(tmp_path / "whole.mp4", FramesInMemory(FRAMES)).images
    folder = run(tmp_path / "out.mp4", FramesInMemory(FRAMES), stop_after=2).folder
    state = (folder.path / "state.safetensors").read_bytes()
    run(tmp_path / "out.mp4", FramesInMemory(FRAMES), stop_after=3)
    (folder.path / "state.safetensors").write_bytes(state)
    result = run(tmp_path / "out.mp4", FramesInMemory(FRAMES))
    torch.testing.assert_close(torch.cat(result.images), torch.cat(expected), rtol=0, atol=0)


def test_other_options_are_refused_and_force_starts_over(tmp_path: Path) -> None:
    run(tmp_path / "out.mp4", FramesInMemory(FRAMES), stop_after=3)
    with pytest.raises(OutputError, match=r"frames of other inputs or options.*--force"):
        run(tmp_path / "out.mp4", FramesInMemory(FRAMES), key="b")
    assert run(tmp_path / "out.mp4", FramesInMemory(FRAMES), stop_after=1, force=True, key="b").folder.finished == 1
    assert run(tmp_path / "out.mp4", FramesInMemory(FRAMES), stop_after=2, force=True, key="b").folder.finished == 2


def test_what_can_be_read_is_kept(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / "out.mp4", {})
    folder.open(force=False)
    outcome = repaint(FramesInMemory(FRAMES, readable=3), Echo(), folder, SIZE)
    assert (outcome.frames, str(outcome.error)) == (3, "the clip is damaged")
    assert len(folder.list_frames()) == 3
    empty = WorkFolder(tmp_path / "empty.mp4", {})
    empty.open(force=False)
    with pytest.raises(VideoError, match="the clip is damaged"):
        repaint(FramesInMemory(FRAMES, readable=0), Echo(), empty, SIZE)


def test_progress_counts_frames_and_shots(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / "out.mp4", {})
    folder.open(force=False)
    reports: list[ClipProgress] = []
    repaint(FramesInMemory(FRAMES), Echo(), folder, SIZE, on_progress=reports.append)
    assert [report.finished for report in reports] == list(range(1, 9))
    assert [report.shots for report in reports] == [1] * 4 + [2] * 4
    assert all(report.count == 8 and report.frames_per_second > 0 for report in reports)
    assert reports[-1].seconds_left == 0


def test_frames_have_the_size_asked_for(tmp_path: Path) -> None:
    result = run(tmp_path / "out.mp4", FramesInMemory([draw_texture(48, 64), draw_texture(48, 64, seed=1)]))
    assert all(image.shape[-2:] == SIZE for image in result.images)


def test_a_full_disk_is_noticed_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = WorkFolder(tmp_path / "out.mp4", {})
    folder.open(force=False)
    check_space(folder, 10, SIZE)
    check_space(folder, None, SIZE)
    monkeypatch.setattr(work_folder, "BYTES_PER_PIXEL", 1e15)
    with pytest.raises(OutputError, match=r"GiB free, but 10 frames of 32 x 24 pixels need about"):
        check_space(folder, 10, SIZE)
    assert not folder.path.exists()


def test_a_damaged_state_is_one_sentence(tmp_path: Path) -> None:
    folder = run(tmp_path / "out.mp4", FramesInMemory(FRAMES), stop_after=2).folder
    (folder.path / "state.safetensors").write_bytes(b"damaged")
    with pytest.raises(OutputError, match=r"is damaged .*start over with --force"):
        run(tmp_path / "out.mp4", FramesInMemory(FRAMES))
