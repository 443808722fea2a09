"""Write the files of an instant picture that is kept, describe it, and find an equal one."""

from __future__ import annotations

import json
import time
from pathlib import Path

from barestyle.atomic_files import write_atomically
from barestyle.feed_forward import StylePainter
from barestyle.feed_forward.painting_record import describe_painting, round_weights
from barestyle.images import Picture, encode
from barestyle.ui.finished_images import save_for_screen
from barestyle.ui.form import Form, shorten
from barestyle.ui.page_session import PageSession
from barestyle.ui.result_store import ResultInfo
from barestyle.ui.trained_styles import TrainedStyleFile

TITLE = "Instant"
"""What the page calls the look."""


def make_caption(style: TrainedStyleFile, name: str, form: Form, width: int, height: int) -> str:
    """Return how a picture was painted, in words."""
    return f"{TITLE}, {style.title(name)}, strength {form.instant.strength:g}, {width} × {height}"


def make_name(photo: Path, style: TrainedStyleFile, name: str, form: Form) -> str:
    """Return a file name that says what the picture was made from and how."""
    title = shorten(style.title(name).replace("/", "-").replace("\\", "-"))
    return f"{shorten(photo.stem)}-{title}-instant-{form.instant.strength:g}-{form.size}px"


def save_instant(
    folder: Path,
    form: Form,
    style: TrainedStyleFile,
    painter: StylePainter,
    photo: Picture,
    painted: Picture,
    seconds: float,
) -> ResultInfo:
    """Write the files of a picture into an empty folder, and return what is known of it.

    They are the PNG with the record that `barestyle apply` writes, the record as JSON, and JPEGs for the screen.

    Args:
        folder: its name is the result's id.
        form: photo, style, strength and size.
        style: the file of the form's style.
        painter: the one that painted.
        photo: at the result's size.
        painted: the result.
        seconds: that painting took.

    Raises OutputError.
    """
    assert photo.path is not None
    style_name = form.instant.name or style.info.names[0]
    name = make_name(photo.path, style, style_name, form)
    weights = round_weights(painter.style.names, painter.weights[0].tolist())
    record = json.dumps(
        describe_painting(*weights, photo_sha256=photo.sha256, style_sha256=style.info.sha256, size=form.size)
    )
    picture = folder / f"{name}.png"
    write_atomically(picture, encode(painted.pixels, painted.alpha, picture.suffix, bits=painted.bits, record=record))
    write_atomically(folder / f"{picture.name}.json", record.encode())
    save_for_screen(folder / name, (photo.pixels, photo.alpha), (painted.pixels, painted.alpha))
    return ResultInfo(
        id=folder.name,
        title=TITLE,
        name=name,
        job=f"instant-{folder.name}",
        created=time.time(),
        form=form.model_dump(mode="json"),
        caption=make_caption(style, style_name, form, painted.width, painted.height),
        pictures=(form.photo,),
        width=painted.width,
        height=painted.height,
        seconds=seconds,
        interrupted=False,
        has_film=False,
        curve="",
        style_sha256=style.info.sha256,
    )


def make_key(form: Form, style: TrainedStyleFile) -> tuple[object, ...]:
    """Return what forms of the same instant picture have in common; `style` is the file of the form's style."""
    name = form.instant.name or style.info.names[0]
    return form.photo, style.info.sha256, name, form.instant.strength, form.size


def find_equal(session: PageSession, form: Form, style: TrainedStyleFile) -> str | None:
    """Return the id of the result that is the form's picture, None if there is none."""
    key = make_key(form, style)
    # The form has the id of its style, and another version of barestyle may have another file for that.
    painted = (each.info for each in session.results.all if each.info.style_sha256 == style.info.sha256)
    return next((info.id for info in painted if make_key(Form(**info.form), style) == key), None)
