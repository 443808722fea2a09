"""`--video`: check that a video of the run can be written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from barestyle.cli.output_option import OutputFile, check_new_folder, parse_output
from barestyle.cli.standard_streams import STANDARD_STREAM

ANOTHER_FILE = "another file of the run"


def parse_video(text: str | None, output: OutputFile, sources: Sequence[Path]) -> OutputFile | None:
    """Return the file that --video names, or None without the option.

    In a folder it has the name of the output, or CONTENT-STYLE if that is standard output, with the extension .mp4.
    `sources` are the content and the styles. Raise what `parse_output` raises.
    """
    if text is None:
        return None
    if not output.is_standard:
        return parse_output(text, output.path.with_suffix(".mp4").name)
    has_name = STANDARD_STREAM not in sources
    return parse_output(text, "-".join(path.stem for path in sources) + ".mp4" if has_name else None)


def check_video_option(video: OutputFile, output: Path, *, force: bool, inputs: Collection[Path]) -> None:
    """Raise OutputError, before any work, if a video cannot be written or would replace another file of the run."""
    from barestyle.images import check_distinct
    from barestyle.video import check_video

    if video.new_folder is not None:
        check_new_folder(video.new_folder)
        check_video(video.new_folder.parent / video.path.name, force=True)
        return
    check_video(video.path, force=force)
    check_distinct([video.path], [path for path in (output, *inputs) if path != STANDARD_STREAM], what=ANOTHER_FILE)
