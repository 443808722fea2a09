"""The ground every spec stands on: frozen, strict about names, and refusing in one sentence."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from barestyle.errors import SpecError

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
    from pydantic_core import ErrorDetails
else:  # it has no public name
    ModelMetaclass = type(BaseModel)

_CUSTOM_ERRORS = ("value_error", "assertion_error")


LARGEST = 1e30
"""Of any number in a spec: float32 ends at 3e38, and products of a few numbers have to stay below that."""

Positive = Annotated[float, Field(gt=0, le=LARGEST)]
NotNegative = Annotated[float, Field(ge=0, le=LARGEST)]


class _Refusing(ModelMetaclass):
    """Turns pydantic's report into one SpecError when a spec is constructed in Python."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # the class is what a metaclass makes
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            raise SpecError(sentence(cast("type[Frozen]", cls), error)) from None


class Frozen(BaseModel, metaclass=_Refusing):
    """A frozen model that knows no field but its own and takes neither NaN nor infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _booleans_are_no_numbers(cls, data: Any) -> Any:
        """Python takes true for 1; who writes `size: true` means something else."""
        for name, value in data.items() if isinstance(data, dict) else ():
            field = cls.model_fields.get(name)
            if isinstance(value, bool) and field and bool not in (field.annotation, *get_args(field.annotation)):
                raise ValueError(f"{name} cannot be {str(value).lower()}; it takes {takes(cls, name)}")
        return data


def members(annotation: Any) -> dict[str, type[Frozen]]:
    """The alternatives of a field by their `kind`; empty when the field is no union of specs."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return {kind: model for part in get_args(annotation) for kind, model in members(part).items()}
    if isinstance(annotation, type) and issubclass(annotation, Frozen) and "kind" in annotation.model_fields:
        return {annotation.model_fields["kind"].default: annotation}
    return {}


def takes(model: type[Frozen], name: str) -> str:
    """What a field takes, in words derived from the field itself: 'a number greater than 0'."""
    field = model.model_fields[name]
    kinds = members(field.annotation)
    if len(kinds) > 1:
        return "one of " + ", ".join(sorted(kinds))
    if field.description and field.description.startswith("takes "):
        return field.description.removeprefix("takes ")
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return _words(TypeAdapter(annotation).json_schema())


def _words(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(_words(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"a list of {schema.get('minItems', 1)} or more, each {_words(schema['items'])}"
    noun = {"number": "a number", "integer": "a whole number", "boolean": "true or false", "null": "null"}
    bounds = [
        f"{words} {schema[key]:g}"
        for key, words in (
            ("exclusiveMinimum", "greater than"),
            ("minimum", "of at least"),
            ("exclusiveMaximum", "less than"),
            ("maximum", "of at most"),
        )
        if key in schema
    ]
    return " ".join([noun.get(schema.get("type", ""), "text"), " and ".join(bounds)]).strip()


def complaint(error: ValidationError) -> ErrorDetails:
    """The complaint to tell: an unknown field before the first one, as a misspelled field is missing, too."""
    complaints = error.errors()
    return next((one for one in complaints if one["type"] == "extra_forbidden"), complaints[0])


def sentence(model: type[Frozen], error: ValidationError) -> str:
    """A validation's complaint as one sentence naming the field, the value and what it takes."""
    first = complaint(error)
    owner, path = _owner(model, first["loc"])
    dotted = ".".join(path)
    if first["type"] in _CUSTOM_ERRORS:
        if first["loc"] and isinstance(first["loc"][-1], int):
            dotted += f".{first['loc'][-1]}"
        text = first["msg"].split(", ", 1)[1]
        return f"{dotted}: {text}" if dotted else text
    if not path:
        return f"a spec is made from named fields, not from {first['input']!r}; see `barestyle presets --json`"
    name = path[-1]
    if first["type"] == "extra_forbidden":
        return no_such_field(owner, name, ".".join(path[:-1]))
    if first["type"] == "missing":
        return f"{dotted} is missing; it takes {takes(owner, name)}"
    return f"{dotted} cannot be {first['input']!r}; it takes {takes(owner, name)}"


def no_such_field(owner: type[Frozen], name: str, where: str) -> str:
    """The sentence for a field that its model does not have."""
    kind = owner.model_fields["kind"].default if "kind" in owner.model_fields else None
    place = where or f"the {owner.__name__.lower()}"
    of_kind = f" of kind {kind}" if kind else ""
    return f"{place}{of_kind} has no field {name!r}; its fields are {', '.join(owner.model_fields)}"


def _owner(model: type[Frozen], loc: tuple[int | str, ...]) -> tuple[type[Frozen], list[str]]:
    """Follow pydantic's location, which names union tags too, to the owning model and the plain path."""
    path: list[str] = []
    owner = model
    inside = model
    rest = list(loc)
    while rest:
        part = rest.pop(0)
        field = inside.model_fields.get(str(part))
        owner = inside
        path.append(str(part))
        if field is None:
            break
        kinds = members(field.annotation)
        if kinds and rest and rest[0] in kinds:
            inside = kinds[str(rest.pop(0))]
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Frozen):
            inside = field.annotation
        elif (item := _item(field.annotation)) is not None and len(rest) > 1:
            inside = item
            path.append(str(rest.pop(0)))
        else:
            break
    return owner, path


def _item(annotation: Any) -> type[Frozen] | None:
    """The model that a tuple or a dictionary holds."""
    parts = get_args(annotation) if get_origin(annotation) in (tuple, dict) else ()
    models = [part for part in parts if isinstance(part, type) and issubclass(part, Frozen)]
    return models[0] if models else None
