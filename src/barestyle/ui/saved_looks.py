"""Looks that a person saved under a name: the values of the form that decide how a picture is painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from barestyle.ui.errors import PageError
from barestyle.ui.form import RESULT_START, Form

FIELDS = ("look", "spec", "strength", "colors", "stroke", "start", "seed")
"""Fields of the form that are saved: not the pictures, nor what belongs to them."""

INSTANT_FIELDS = ("look", "instant", "spec")
"""The same of the look of trained styles, for which the others mean nothing."""

MAX_SAVED = 20
"""Saved looks of a session."""

MAX_NAME = 40
"""Characters of a name."""


class SavedLook(BaseModel):
    """A name, and the values of FIELDS or INSTANT_FIELDS."""

    name: str
    values: dict[str, Any]


def save_look(looks: Sequence[SavedLook], name: str, form: Form) -> list[SavedLook]:
    """Return the looks with another one at the end, which replaces one of the same name. Raise PageError.

    A look that starts from a result is saved with a start from the photo. The trained style is saved only with the
    look of trained styles.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise PageError(f"the name of a look must have 1 to {MAX_NAME} characters, not {len(name)}")
    others = [look for look in looks if look.name != name]
    if len(others) >= MAX_SAVED:
        raise PageError(f"there are {MAX_SAVED} saved looks already; remove one first")
    values = form.model_dump(mode="json", include=set(INSTANT_FIELDS if form.is_instant else FIELDS))
    if not form.is_instant and form.start.startswith(RESULT_START):
        values["start"] = "content"
    return [*others, SavedLook(name=name, values=values)]
