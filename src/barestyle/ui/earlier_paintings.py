"""The page's form with the settings of an earlier instant picture, or of one that `barestyle apply` has painted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from barestyle.feed_forward.painting_record import RECORD_FORMAT, RECORD_KIND, read_painting_record
from barestyle.ui.earlier_results import replace_fields
from barestyle.ui.errors import PageError
from barestyle.ui.form import INSTANT, Form
from barestyle.ui.library import Library
from barestyle.ui.page_session import PageSession
from barestyle.ui.picture_store import ID_LENGTH
from barestyle.ui.trained_styles import list_shipped


class PaintingRecord(BaseModel):
    """What a painting's record says of its settings; see `describe_painting`."""

    kind: Literal["barestyle-painting"]
    format: int
    photo_sha256: str
    style_sha256: str
    photo_weight: float = Field(ge=0, le=1)
    style_weights: dict[str, float]
    size: int | None = Field(ge=1)


def read_painting(file: Path) -> PaintingRecord | None:
    """Return the record in a painting or in its JSON file, None if it has none. Raise PageError if it is not valid."""
    try:
        data = json.loads(file.read_bytes()) if file.suffix == ".json" else read_painting_record(file)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("kind") != RECORD_KIND:
        return None
    try:
        record = PaintingRecord.model_validate(data)
    except ValidationError:
        raise PageError(f"the settings in {file.name!r} are damaged; choose another picture") from None
    if record.format != RECORD_FORMAT:
        raise PageError(
            f"the settings in {file.name!r} have the format {record.format}, and this version of barestyle reads "
            f"{RECORD_FORMAT}; install the version that wrote them"
        )
    return record


def fill_instant_form(
    form: Form, record: PaintingRecord, session: PageSession, library: Library, max_size: int
) -> tuple[Form, str]:
    """Return a form with the settings of a painting, and a sentence on its photo if that is not here.

    Raise PageError if the trained style is not here, or several are mixed.
    """
    names = [name for name, weight in record.style_weights.items() if weight > 0]
    if len(names) > 1:
        raise PageError(
            f"this picture mixes the styles {', '.join(names)}, which the page does not offer; "
            "use the command `barestyle apply` to repeat it"
        )
    files = [*session.trained_styles.all, *list_shipped().values()]
    style = next((file for file in files if file.info.sha256 == record.style_sha256), None)
    if style is None:
        raise PageError("the trained style of this picture is not on the page; load its .style file first")
    entry = library.find(record.photo_sha256)
    stored = session.pictures.get(record.photo_sha256[:ID_LENGTH])
    info = library.describe(entry) if entry is not None else stored.info if stored is not None else None
    size = record.size or (max(info.width, info.height) if info is not None else form.size)
    changes = {
        "look": INSTANT,
        "instant": {
            "style": style.info.id,
            "name": names[0] if names else "",
            "strength": round(1 - record.photo_weight, 6),
        },
        "photo": form.photo if info is None else info.id,
        "size": min(size, max_size),
        "vary": "nothing",
    }
    note = "It was made from a photo that is not here; choose it to repeat it." if info is None else ""
    return replace_fields(form, changes), note
