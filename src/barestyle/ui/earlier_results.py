"""The page's form with the settings of an earlier result, and the pictures of it that are on the server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from barestyle.run.record import Input, Record
from barestyle.spec import Spec
from barestyle.ui.errors import PageError
from barestyle.ui.form import LOADED, MAX_STYLES, RESULT_START, Form
from barestyle.ui.form_values import Settings, get_default_strength, settings_from_record
from barestyle.ui.library import Library
from barestyle.ui.page_session import PageSession
from barestyle.ui.picture_store import ID_LENGTH


def fill_form(form: Form, record: Record, session: PageSession, library: Library, max_size: int) -> tuple[Form, str]:
    """Return a form with the settings of a record, and a sentence on pictures that are not here.

    Pictures that the session or the library has are chosen. Raise PageError if the page cannot repeat the record.
    """
    form = merge_settings(form, settings_from_record(record), max_size)
    missing: list[str] = []
    photo, *pictures = [_find_picture(session, library, each, missing) for each in (record.content, *record.styles)]
    styles = [
        {"picture": picture, "weight": style.weight}
        for picture, style in zip(pictures, record.styles, strict=True)
        if picture
    ][:MAX_STYLES]
    changes = {"photo": photo or form.photo, "styles": styles or form.styles, "stroke": record.spec.style_scale}
    if changes["photo"] != form.photo:
        changes["regions"] = ""  # they were painted on the other photo
    if record.start is not None:
        changes["start"] = RESULT_START + _find_start(session, record.start)
    them = "it" if len(missing) == 1 else "them"
    note = f"It was made from {' and '.join(missing)}; choose {them} to repeat it." if missing else ""
    return replace_fields(form, changes), note


def _find_picture(session: PageSession, library: Library, source: Input, missing: list[str]) -> str:
    """Return the id of a record's picture; if it is not here, add its name to the missing ones and return ""."""
    stored = session.pictures.get(source.sha256[:ID_LENGTH])
    entry = library.find(source.sha256)
    if stored is None and entry is None:
        missing.append(_get_name(source))
        return ""
    return entry.id if entry is not None else source.sha256[:ID_LENGTH]


def _find_start(session: PageSession, source: Input) -> str:
    """Return the id of the result that a run started from. Raise PageError if it is not among the results."""
    result = session.results.find(source.sha256)
    if result is None:
        raise PageError(
            f"this picture was started from {_get_name(source)}, which is not among your results; "
            "use the command `barestyle rerun` to repeat it"
        )
    return result.info.id


def _get_name(source: Input) -> str:
    return Path(source.path).name if source.path else "a picture in memory"


def merge_settings(form: Form, settings: Settings, max_size: int) -> Form:
    """Return the form with the settings of an earlier result; its pictures stay."""
    spec = settings.base if isinstance(settings.base, Spec) else None
    strength = get_default_strength() if settings.strength is None else settings.strength
    changes = {
        "look": LOADED if isinstance(settings.base, Spec) else settings.base,
        "spec": None if spec is None else spec.model_dump(mode="json"),
        "strength": strength,
        "colors": settings.colors or form.colors,
        "size": min(settings.size or form.size, max_size),
        "seed": str(settings.seed),
        "start": settings.start,
        "vary": "nothing",
    }
    return replace_fields(form, changes)


def replace_fields(form: Form, changes: Mapping[str, Any]) -> Form:
    """Return the form with some fields changed, and checked. Raise SpecError."""
    return Form(**{**form.model_dump(), **changes})
