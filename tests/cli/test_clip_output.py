"""Times and outputs of commands that paint clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.cli.clip_output import ClipOutput, parse_clip_output, parse_time
from barestyle.errors import OutputError, SpecError


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, None), ("0", 0), ("90.5", 90.5), ("1:30.5", 90.5), ("0:01:30", 90), ("2:00:00", 7200)]
)
def test_times(text: str | None, seconds: float | None) -> None:
    assert parse_time(text, "--from") == seconds


@pytest.mark.parametrize("text", ["", "x", "-1", "1:60", "1:-2", "1:2:3:4", "1:", "nan", "inf"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(SpecError, match=r"--to must be a time in seconds"):
        parse_time(text, "--to")


def test_outputs(tmp_path: Path) -> None:
    clip, style = Path("clip.mov"), Path("a/painting.jpg")
    assert parse_clip_output(None, clip, [style]) == ClipOutput(Path("clip-painting.mp4"), False)
    assert parse_clip_output(None, tmp_path, [style]) == ClipOutput(Path(f"{tmp_path.name}-painting"), True)
    assert parse_clip_output("b.mkv", clip, [style]) == ClipOutput(Path("b.mkv"), False)
    assert parse_clip_output("b/", clip, [style]) == ClipOutput(Path("b"), True)
    assert parse_clip_output(str(tmp_path), clip, [style]) == ClipOutput(tmp_path, True)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file, not a folder"):
        parse_clip_output(f"{tmp_path}/file/", clip, [style])
