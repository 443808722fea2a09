"""Write the files of a finished picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from barestyle.atomic_files import write_atomically
from barestyle.plots.loss_curve import draw_live_curve
from barestyle.run.plan import Plan
from barestyle.run.record import Record, sidecar
from barestyle.run.result import Result
from barestyle.ui import previews
from barestyle.ui.compute import PaintRequest
from barestyle.ui.job_status import FinishedImage


def save_result(result: Result, plan: Plan, request: PaintRequest, folder: Path) -> FinishedImage:
    """Write the PNG with its record inside, the record as JSON, and JPEGs of before and after into `folder`."""
    folder.mkdir(exist_ok=True)
    picture = folder / f"{request.stem}.png"
    replace(result, record=_make_inputs_relative(result.record, request, folder)).save(picture)
    before, after = (folder / f"{request.stem}-{name}.jpg" for name in ("before", "after"))
    write_atomically(before, previews.to_jpeg(plan.content.pixels, plan.content.alpha))
    write_atomically(after, previews.to_jpeg(result.image, result.alpha))
    return FinishedImage(
        title=request.title,
        picture=picture,
        record=sidecar(picture),
        before=before,
        after=after,
        width=result.image.shape[-1],
        height=result.image.shape[-2],
        seconds=result.seconds,
        interrupted=result.interrupted,
        curve=draw_live_curve(result.losses, len(result.losses) - 1),
    )


def _make_inputs_relative(record: Record, request: PaintRequest, folder: Path) -> Record:
    """Return the record as if both inputs were beside the result: the server's folders mean nothing to others."""
    content, style = ({"path": str(folder / file.name)} for file in (request.content, request.style))
    return record.model_copy(
        update={
            "content": record.content.model_copy(update=content),
            "styles": tuple(source.model_copy(update=style) for source in record.styles),
        }
    )
