"""Write the files of a finished picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from barestyle.atomic_files import write_atomically
from barestyle.plots.loss_curve import draw_live_curve
from barestyle.run.output_files import sidecar
from barestyle.run.plan import Plan
from barestyle.run.record import Input, Record
from barestyle.run.result import Result
from barestyle.ui import previews
from barestyle.ui.compute import PaintRequest
from barestyle.ui.job_status import FinishedImage


def save_result(result: Result, plan: Plan, request: PaintRequest, folder: Path) -> FinishedImage:
    """Write the PNG with its record inside, the record as JSON, and JPEGs for the screen into `folder`.

    The JPEGs are those of the photo and of the result, at most previews.RESULT_SIDE long, and a thumbnail. A film is
    already in the folder if one was recorded.
    """
    picture = folder / f"{request.name}.png"
    replace(result, record=_without_folders(result.record, request, folder)).save(picture)
    before, after, thumbnail = save_for_screen(
        folder / request.name, (plan.content.pixels, plan.content.alpha), (result.image, result.alpha)
    )
    film = film_path(request, folder)
    return FinishedImage(
        title=request.title,
        picture=picture,
        record=sidecar(picture),
        before=before,
        after=after,
        thumbnail=thumbnail,
        film=film if film.exists() else None,
        width=result.image.shape[-1],
        height=result.image.shape[-2],
        seconds=result.seconds,
        interrupted=result.interrupted,
        curve=draw_live_curve(result.losses, len(result.losses) - 1),
    )


def save_for_screen(
    stem: Path, photo: tuple[Tensor, Tensor | None], painted: tuple[Tensor, Tensor | None]
) -> tuple[Path, Path, Path]:
    """Write JPEGs of a photo, of the result and its thumbnail, and return their files; `stem` begins their paths.

    Both pictures are pixels (1, 3, H, W) with their alpha (1, 1, H, W), or None.
    """
    jpegs = {
        "before": previews.to_jpeg(*photo),
        "after": previews.to_jpeg(*painted),
        "thumbnail": previews.to_jpeg(*painted, previews.THUMBNAIL_SIDE),
    }
    before, after, thumbnail = (stem.with_name(f"{stem.name}-{kind}.jpg") for kind in jpegs)
    for file, data in zip((before, after, thumbnail), jpegs.values(), strict=True):
        write_atomically(file, data)
    return before, after, thumbnail


def film_path(request: PaintRequest, folder: Path) -> Path:
    """Return the file of the video of a run."""
    return folder / f"{request.name}.mp4"


def _without_folders(record: Record, request: PaintRequest, folder: Path) -> Record:
    """Return the record as if all inputs were beside the result: the server's folders mean nothing to others."""

    def move(source: Input, file: Path) -> Input:
        return source.model_copy(update={"path": str(folder / file.name)})

    styles = []
    for source, style in zip(record.styles, request.styles, strict=True):
        mask = move(source.mask, style.mask) if source.mask is not None and style.mask is not None else None
        styles.append(source.model_copy(update={"path": str(folder / style.file.name), "mask": mask}))
    keep = move(record.keep, request.keep) if record.keep is not None and request.keep is not None else None
    start = move(record.start, request.start) if record.start is not None and request.start is not None else None
    content = move(record.content, request.content)
    return record.model_copy(update={"content": content, "styles": tuple(styles), "keep": keep, "start": start})
