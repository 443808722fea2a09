"""Generate the reference of a spec's fields, in Markdown, from the spec."""

from __future__ import annotations

import json
from typing import Any

from barestyle.spec import Spec
from barestyle.spec.validation import FrozenModel, alternatives, describe_allowed
from tools.docs.prose import escape


def make_reference() -> str:
    """Return every field of a spec by its name for --set, with its values and default."""
    lines = [_entry(Spec, name, name) for name in Spec.model_fields]
    for name, kinds in _unions(Spec, "").items():
        lines.append(f"## {name}\n")
        for kind, model in kinds.items():
            lines += [f"### {name}={kind}\n", f"{escape(model.__doc__)}\n"]
            lines += [_entry(model, field, f"{name}.{field}") for field in model.model_fields if field != "kind"]
    return "\n".join(lines)


def _unions(model: type[FrozenModel], prefix: str) -> dict[str, dict[str, type[FrozenModel]]]:
    """Return the kinds of every field that is a union, by dotted name, parents first."""
    unions: dict[str, dict[str, type[FrozenModel]]] = {}
    for name, field in model.model_fields.items():
        kinds = alternatives(field.annotation)
        if len(kinds) > 1:
            unions[prefix + name] = kinds
            for kind in kinds.values():
                for nested, nested_kinds in _unions(kind, f"{prefix}{name}.").items():
                    unions[nested] = nested_kinds | unions.get(nested, {})
    return unions


def _entry(model: type[FrozenModel], name: str, dotted: str) -> str:
    return f"`{dotted}`\n:   Takes {_words(model, name, dotted)}. Default: `{_default(model, name)}`.\n"


def _words(model: type[FrozenModel], name: str, dotted: str) -> str:
    """Return the values that a field takes, with links from kinds to their sections."""
    kinds = alternatives(model.model_fields[name].annotation)
    if len(kinds) < 2:
        return describe_allowed(model, name)
    return "one of " + ", ".join(f"[`{kind}`](#{_anchor(f'{dotted}={kind}')})" for kind in sorted(kinds))


def _anchor(heading: str) -> str:
    """Return the anchor that Python-Markdown gives a heading."""
    return "".join(character for character in heading if character.isalnum() or character in "-_").lower()


def _default(model: type[FrozenModel], name: str) -> str:
    default: Any = model.model_fields[name].default
    return str(getattr(default, "kind")) if isinstance(default, FrozenModel) else json.dumps(default)  # noqa: B009
