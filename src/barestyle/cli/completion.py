"""Words that a shell completes: presets, fields of a spec and their values, sample images.

PyTorch is not imported, and specs only when their words are asked for, as every command imports this module.
"""

from __future__ import annotations

import io
import os
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from barestyle.samples import PHOTOS, STYLES, list_trained_styles

if TYPE_CHECKING:
    from barestyle.spec.validation import FrozenModel

COMPLETION_VARIABLE = "_BARESTYLE_COMPLETE"
"""Environment variable with which a shell asks for completions."""

SEPARATORS = ("=", ":")
"""Characters at which bash splits the words of a command line."""

Words = list[str | tuple[str, str]]
"""Completions, some with a description."""


def complete_preset(incomplete: str) -> Words:
    """Return the presets with their summaries."""
    from barestyle.presets import PRESETS

    return [(name, preset.summary) for name, preset in PRESETS.items() if name.startswith(incomplete)]


def complete_words(*words: str) -> Callable[[str], Words]:
    """Return a function that completes one of a few words."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


complete_device = complete_words("auto", "cpu", "cuda", "mps")
complete_precision = complete_words("auto", "float32", "bf16", "mixed")
complete_photo = complete_words(*PHOTOS)
complete_style = complete_words(*STYLES)


def complete_colors(incomplete: str) -> Words:
    """Return the kinds of colors."""
    from barestyle.spec import Spec
    from barestyle.spec.validation import alternatives

    return complete_words(*alternatives(Spec.model_fields["colors"].annotation))(incomplete)


def complete_start(incomplete: str) -> Words:
    """Return what a search can start from: words, and the trained styles that are installed."""
    return complete_words("content", "noise", *list_trained_styles())(incomplete)


def complete_setting(incomplete: str) -> Words:
    """Return fields of a spec with an equals sign, or assignments of the values of a field that has few of them."""
    from barestyle.spec import Spec

    values_of: dict[str, dict[str, None]] = {}
    for name, values in list_settings(Spec):
        values_of.setdefault(name, {}).update(dict.fromkeys(values))
    field, equals, _ = incomplete.partition("=")
    names = [name for name in values_of if name.startswith(field)]
    if equals or (len(names) == 1 and values_of[names[0]]):
        name = field if equals else names[0]
        assignments = (f"{name}={value}" for value in values_of.get(name, ()))
        return [assignment for assignment in assignments if assignment.startswith(incomplete)]
    return [f"{name}=" for name in names]


def list_settings(model: type[FrozenModel], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield every field that --set accepts, for all kinds of the fields that have kinds, and its values.

    The values are empty unless they are few: kinds, names, true and false. A name may come several times.
    """
    from barestyle.spec.validation import alternatives

    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        kinds = alternatives(field.annotation)
        yield prefix + name, sorted(kinds) if kinds else list_values(field.annotation)
        for kind in kinds.values():
            yield from list_settings(kind, f"{prefix}{name}.")


def list_values(annotation: Any) -> list[str]:
    """Return the values of a type as --set takes them, or an empty list if they are not few."""
    if annotation is bool:
        return ["true", "false"]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return [str(part) for part in parts]
    if origin in (Union, types.UnionType):
        return [value for part in parts for value in list_values(part)]
    return []


def complete_pair(incomplete: str) -> Words:
    """Return photo:NAME,style:NAME in two steps: sample photographs with a comma, then sample styles."""
    content, comma, _ = incomplete.partition(",")
    words = [f"{content},style:{style}" for style in STYLES] if comma else [f"photo:{photo}," for photo in PHOTOS]
    return [word for word in words if word.startswith(incomplete)]


@contextmanager
def join_bash_words() -> Iterator[None]:
    """Make completion in bash work for words with `=` and `:`, at which bash splits the command line.

    The parts of a word are joined again for the block. bash replaces only what follows the last such character, so
    that is all that is printed of each completion. Without a request of bash this does nothing.
    """
    if os.environ.get(COMPLETION_VARIABLE) != "complete_bash":
        yield
        return
    parts = os.environ["COMP_WORDS"].split("\n")[: int(os.environ["COMP_CWORD"]) + 1]
    words = join_words(parts)
    os.environ["COMP_WORDS"] = "\n".join(words)
    os.environ["COMP_CWORD"] = str(len(words) - 1)
    start = 1 + max(words[-1].rfind(separator) for separator in SEPARATORS)
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            yield
    finally:
        for line in output.getvalue().splitlines():
            print(line[start:])


def join_words(parts: Sequence[str]) -> list[str]:
    """Return the words of a command line whose parts around `=` and `:` are separate."""
    words: list[str] = []
    is_joined = False
    for part in parts:
        is_separator = part in SEPARATORS
        if words and (is_separator or is_joined):
            words[-1] += part
        else:
            words.append(part)
        is_joined = is_separator
    return words
