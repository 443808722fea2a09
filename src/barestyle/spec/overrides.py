"""Override single fields of a spec by dotted name, as `--set network.weights.magnitude=0.05` does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from barestyle.errors import SpecError
from barestyle.spec.spec import Spec
from barestyle.spec.validation import FrozenModel, alternatives, describe_allowed, format_unknown_field


def with_settings(spec: Spec, settings: Mapping[str, Any]) -> Spec:
    """Return a copy of `spec` with fields replaced: {'network.channels': 16, 'network.weights': 'gaussian'}.

    A field that has kinds takes the name of one (`network.weights=gaussian` or `network.weights.kind=gaussian`).
    Another kind starts from the defaults of its class, not from those of `Spec()`; the same kind keeps its fields.
    The order of the settings does not matter.

    Raises:
        SpecError: a field does not exist, or its value is not allowed; the message says which values are.
    """
    data = spec.model_dump()
    for name in sorted(settings, key=_sort_key):
        _assign(data, name, settings[name])
    return Spec.from_data(data)


def parse_assignment(text: str) -> tuple[str, Any]:
    """Return ('network.channels', [8, 8]) for 'network.channels=[8,8]'; the value is JSON, a bare list, or text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SpecError(
            f"--set {text!r} is not an assignment; write FIELD=VALUE, for example network.weights.magnitude=0.05"
        )
    for candidate in (value, f"[{value}]" if "," in value else value):
        try:
            return name.strip(), json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return name.strip(), value


def _sort_key(name: str) -> tuple[int, bool, str]:
    """Sort outer fields before inner ones, and a kind before the fields of that kind."""
    parts = name.removesuffix(".kind").split(".")
    return len(parts), not name.endswith(".kind"), name


def _assign(data: dict[str, Any], name: str, value: Any) -> None:
    """Replace one field in a dumped spec, following the models that the nested dictionaries stand for."""
    parts = name.removesuffix(".kind").split(".") if name.count(".") else [name]
    model: type[FrozenModel] = Spec
    parent = data
    for depth, part in enumerate(parts):
        field = model.model_fields.get(part)
        path = ".".join(parts[: depth + 1])
        if field is None:
            raise SpecError(format_unknown_field(model, part, ".".join(parts[:depth])))
        kinds = alternatives(field.annotation)
        is_last = depth == len(parts) - 1
        if is_last and kinds and isinstance(value, str):
            _select_kind(parent, part, kinds, value, path)
        elif is_last and kinds and isinstance(value, dict) and value.get("kind") in kinds:
            parent[part] = {**kinds[value["kind"]]().model_dump(), **value}
        elif is_last and name.endswith(".kind"):
            raise SpecError(f"{path} has no kinds; it must be {describe_allowed(model, part)}")
        elif is_last:
            parent[part] = value
        elif not kinds:
            raise SpecError(f"{path} has no fields; it must be {describe_allowed(model, part)}")
        elif not isinstance(parent[part], dict) or parent[part].get("kind") not in kinds:
            raise SpecError(f"{path} cannot be {parent[part]!r}; it must be {describe_allowed(model, part)}")
        else:
            parent, model = parent[part], kinds[parent[part]["kind"]]


def _select_kind(parent: dict[str, Any], part: str, kinds: dict[str, type[FrozenModel]], kind: str, path: str) -> None:
    """Switch a field to another kind with that kind's defaults; keep its fields if it has this kind already."""
    if kind not in kinds:
        raise SpecError(f"{path} cannot be {kind!r}; it must be one of {', '.join(sorted(kinds))}")
    if parent[part].get("kind") != kind:
        parent[part] = kinds[kind]().model_dump()
