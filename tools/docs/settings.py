"""The reference of a spec's fields, in Markdown, from the spec itself."""

from __future__ import annotations

import json
from typing import Any

from barestyle.spec import Spec
from barestyle.spec.validation import Frozen, members, takes
from tools.docs.prose import escaped


def reference() -> str:
    """Every field of a spec by the name that --set takes, what it takes, and its default."""
    lines = [_entry(Spec, name, name) for name in Spec.model_fields]
    for name, kinds in _unions(Spec, "").items():
        lines.append(f"## {name}\n")
        for kind, model in kinds.items():
            lines += [f"### {name}={kind}\n", f"{escaped(model.__doc__)}\n"]
            lines += [_entry(model, field, f"{name}.{field}") for field in model.model_fields if field != "kind"]
    return "\n".join(lines)


def _unions(model: type[Frozen], prefix: str) -> dict[str, dict[str, type[Frozen]]]:
    """The kinds of every field that has some, by dotted name; those below it after it."""
    found: dict[str, dict[str, type[Frozen]]] = {}
    for name, field in model.model_fields.items():
        kinds = members(field.annotation)
        if len(kinds) > 1:
            found[prefix + name] = kinds
            for inner in kinds.values():
                for below, more in _unions(inner, f"{prefix}{name}.").items():
                    found[below] = more | found.get(below, {})
    return found


def _entry(model: type[Frozen], name: str, dotted: str) -> str:
    return f"`{dotted}`\n:   Takes {_words(model, name, dotted)}. Default: `{_default(model, name)}`.\n"


def _words(model: type[Frozen], name: str, dotted: str) -> str:
    """What a field takes; kinds are links to their sections."""
    kinds = members(model.model_fields[name].annotation)
    if len(kinds) < 2:
        return takes(model, name)
    return "one of " + ", ".join(f"[`{kind}`](#{_anchor(f'{dotted}={kind}')})" for kind in sorted(kinds))


def _anchor(heading: str) -> str:
    """As Python-Markdown makes it of a heading."""
    return "".join(character for character in heading if character.isalnum() or character in "-_").lower()


def _default(model: type[Frozen], name: str) -> str:
    default: Any = model.model_fields[name].default
    return str(getattr(default, "kind")) if isinstance(default, Frozen) else json.dumps(default)  # noqa: B009
