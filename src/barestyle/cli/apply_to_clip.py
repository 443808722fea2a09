"""The part of `barestyle apply` that paints a video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.cli.clip_output import parse_clip_output
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.paint_photo import PhotoPainter
from barestyle.cli.repaint_clip import ClipJob, repaint_clip

if TYPE_CHECKING:
    from barestyle.clips.frame import Selection


def apply_to_clip(
    painter: PhotoPainter,
    style_file: Path,
    source: Path,
    selection: Selection,
    output: str | None,
    *,
    force: bool,
    display: DisplayOptions,
) -> int:
    """Paint a video in a trained style, frame by frame, and return the exit code. Raises what `repaint_clip` raises."""
    from barestyle.clips.open import check_frames, open_clip
    from barestyle.clips.trained_painter import TrainedFramePainter
    from barestyle.images import target_size
    from barestyle.images.decode import check_pixels

    target = parse_clip_output(output, source, (style_file,))
    target.check(force=force, inputs=[source, style_file])
    clip = open_clip(source, selection)
    height, width = check_frames(clip).load().shape[-2:]
    size = (height, width) if painter.size is None else target_size(height, width, painter.size)
    check_pixels(width, height, painter.max_pixels, f"a frame of {str(source)!r}")
    check_pixels(size[1], size[0], painter.max_pixels, f"a painted frame of {str(source)!r}")
    weights = painter.painter.weights.flatten().tolist()
    settings: dict[str, object] = {
        "style": painter.style_sha256,
        "weights": weights,
        "engine": painter.painter.engine_name,
    }
    job = ClipJob(source, clip, selection, TrainedFramePainter(painter.painter), size, settings, target)
    return repaint_clip(job, force=force, display=display)
