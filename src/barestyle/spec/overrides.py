"""Overriding single fields of a spec by dotted name: what `--set network.weights.magnitude=0.05` does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from barestyle.errors import SpecError
from barestyle.spec.spec import Spec
from barestyle.spec.validation import Frozen, members, no_such_field, takes


def with_settings(spec: Spec, settings: Mapping[str, Any]) -> Spec:
    """A copy of `spec` with fields replaced: {'network.channels': 16, 'network.weights': 'gaussian'}.

    Naming another kind for a union (`network.weights=gaussian` or `network.weights.kind=gaussian`) starts
    from that kind's defaults; the order of the settings does not matter. Raises SpecError naming the field
    and what it takes.
    """
    data = spec.model_dump()
    for name in sorted(settings, key=_kinds_first):
        _assign(data, name, settings[name])
    return Spec.from_data(data)


def parse_assignment(text: str) -> tuple[str, Any]:
    """'network.channels=[8,8]' -> ('network.channels', [8, 8]). The value is JSON, a bare list, or text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SpecError(f"--set {text!r} is no assignment; write FIELD=VALUE, like network.weights.magnitude=0.05")
    for candidate in (value, f"[{value}]" if "," in value else value):
        try:
            return name.strip(), json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return name.strip(), value


def _kinds_first(name: str) -> tuple[int, bool, str]:
    """Outer choices before inner ones, and a kind before the fields that belong to it."""
    parts = name.removesuffix(".kind").split(".")
    return len(parts), not name.endswith(".kind"), name


def _assign(data: dict[str, Any], name: str, value: Any) -> None:
    """Replace one field in the plain form of a spec, walking the models that the form stands for."""
    parts = name.removesuffix(".kind").split(".") if name.count(".") else [name]
    model: type[Frozen] = Spec
    here = data
    for depth, part in enumerate(parts):
        field = model.model_fields.get(part)
        where = ".".join(parts[:depth])
        if field is None:
            raise SpecError(no_such_field(model, part, where))
        kinds = members(field.annotation)
        last = depth == len(parts) - 1
        if last and kinds and isinstance(value, str):
            _choose(here, part, kinds, value, name)
        elif last and kinds and isinstance(value, dict) and value.get("kind") in kinds:
            here[part] = {**kinds[value["kind"]]().model_dump(), **value}
        elif last and name.endswith(".kind"):
            raise SpecError(f"{name.removesuffix('.kind')} has no kinds; it takes {takes(model, part)}")
        elif last:
            here[part] = value
        elif not kinds:
            raise SpecError(f"{'.'.join(parts[: depth + 1])} has no fields of its own; it takes {takes(model, part)}")
        elif not isinstance(here[part], dict) or here[part].get("kind") not in kinds:
            raise SpecError(f"{'.'.join(parts[: depth + 1])} takes {takes(model, part)}, not {here[part]!r}")
        else:
            here, model = here[part], kinds[here[part]["kind"]]


def _choose(here: dict[str, Any], part: str, kinds: dict[str, type[Frozen]], kind: str, name: str) -> None:
    """Switch a union to another kind, with that kind's defaults; the same kind keeps its fields."""
    if kind not in kinds:
        allowed = ", ".join(sorted(kinds))
        raise SpecError(f"{name.removesuffix('.kind')} cannot be {kind!r}; it takes one of {allowed}")
    if here[part].get("kind") != kind:
        here[part] = kinds[kind]().model_dump()
