"""What differs between two specs: the settings that turn one into the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from barestyle.spec.validation import FrozenModel

UNCOMPARED_FIELDS = ("size", "network.trained_file")
"""Fields that are not part of a style: the size of the result, and the path of the trained weights."""


class Change(NamedTuple):
    """A field, as `with_settings` takes it, and its values in the two specs; `before` is None if it was not there."""

    field: str
    after: Any
    before: Any

    def describe(self) -> str:
        """Return '0.5 → 0.9', or only the value after if there is none before."""
        before, after = (value if isinstance(value, str) else json.dumps(value) for value in (self.before, self.after))
        return after if self.before is None else f"{before} → {after}"


def diff_specs(base: FrozenModel, spec: FrozenModel, prefix: str = "") -> Iterator[Change]:
    """Yield what to set in `base` to get `spec`, without `UNCOMPARED_FIELDS`."""
    for name in type(spec).model_fields:
        field = prefix + name
        before, after = getattr(base, name), getattr(spec, name)
        if name == "kind" or field in UNCOMPARED_FIELDS:
            continue
        if not isinstance(after, FrozenModel):
            if after != before:
                yield Change(field, after, before)
        elif type(before) is type(after):
            yield from diff_specs(before, after, f"{field}.")
        else:
            yield Change(field, getattr(after, "kind", ""), getattr(before, "kind", None))
            # `with_settings` gives another kind its own defaults, so the former kind's values are not compared.
            for change in diff_specs(type(after)(), after, f"{field}."):
                yield change._replace(before=None)
