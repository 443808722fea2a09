"""Groups of options that several commands take, and what each group adds up to.

Typer makes one option of each parameter of a function. `expand_groups` lets a command take a whole group as one
parameter: the options are declared here once, and the command receives one value.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from barestyle.cli import options
from barestyle.cli.spec_builder import build_spec
from barestyle.limits import MAX_PIXELS
from barestyle.presets import DEFAULT_PRESET
from barestyle.spec import Spec

if TYPE_CHECKING:
    from barestyle.images import Source
    from barestyle.run.request import Request
    from barestyle.run.rerun import RelocatedFiles

Return = TypeVar("Return")


@dataclass(frozen=True)
class SpecOptions:
    """A preset, and what to change in its spec."""

    preset: options.PresetName = DEFAULT_PRESET
    size: options.Size = None
    steps: options.Steps = None
    strength: options.Strength = None
    style_scale: options.StyleScale = None
    colors: options.Colors = None
    settings: options.Settings = None
    trained: options.Trained = None

    def build(self, *, start: str | None = None) -> Spec:
        """Return the spec. Raise SpecError if it is invalid."""
        changes = {name: value for name, value in asdict(self).items() if name != "preset"}
        return build_spec(self.preset, start=start, **changes)


@dataclass(frozen=True)
class RunOptions:
    """How to run a spec; the fields are those of a Request that are not images."""

    seed: options.Seed = 0
    device: options.Device = "auto"
    precision: options.Precision = "auto"
    memory: options.Memory = "auto"
    max_pixels: options.MaxPixels = MAX_PIXELS

    def request(self, content: Source, style: Source | list[Source], spec: Spec, **inputs: Any) -> Request:
        """Return the request for a run; `inputs` are weights, masks, keep and start."""
        from barestyle.run.request import Request

        return Request(content, style, spec, **asdict(self), **inputs)


@dataclass(frozen=True)
class MovedOptions:
    """Where the inputs of an earlier run are now."""

    content: options.MovedContent = None
    style: options.MovedStyles = None
    mask: options.MovedMasks = None
    keep: options.MovedKeep = None
    start: options.MovedStart = None
    trained: options.MovedTrained = None

    def relocate(self) -> RelocatedFiles:
        """Return the new locations for `plan_rerun`."""
        from barestyle.run.rerun import RelocatedFiles

        return RelocatedFiles(
            self.content, tuple(self.style or ()), tuple(self.mask or ()), self.keep, self.start, self.trained
        )


def expand_groups(command: Callable[..., Return]) -> Callable[..., Return]:
    """Return the command for Typer, with the fields of each dataclass parameter in place of that parameter.

    Raise ValueError if two parameters have the same name.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            parameters += _parameters(groups[parameter.name])
        else:
            annotation = hints[parameter.name]
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=annotation))

    @wraps(command)
    def wrapper(**values: Any) -> Return:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        return command(**values)

    # Typer reads the signature and the annotations, not the code.
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapper


def _parameters(group: type[Any]) -> list[inspect.Parameter]:
    """The fields of a dataclass as keyword parameters."""
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
