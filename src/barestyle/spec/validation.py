"""The base class of specs: frozen, without unknown fields, with one-sentence errors."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from barestyle.errors import SpecError

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
    from pydantic_core import ErrorDetails
else:  # pydantic does not export it
    ModelMetaclass = type(BaseModel)

_CUSTOM_ERRORS = ("value_error", "assertion_error")

MAX_NUMBER = 1e30
"""Largest number in a spec: float32 ends at 3e38, and products of a few numbers must stay below that."""

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, le=MAX_NUMBER)]
NotNegative = Annotated[float, Field(ge=0, le=MAX_NUMBER)]


class _SpecErrorMeta(ModelMetaclass):
    """Convert pydantic's errors to SpecError when a model is constructed in Python."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # instances of a metaclass are classes
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            raise SpecError(format_error(cast("type[FrozenModel]", cls), error)) from None


class FrozenModel(BaseModel, metaclass=_SpecErrorMeta):
    """A frozen pydantic model that refuses unknown fields, NaN, infinity, and booleans in place of numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _reject_booleans_as_numbers(cls, data: Any) -> Any:
        """Python takes True for 1, but `size: true` in a file is a mistake."""
        for name, value in data.items() if isinstance(data, dict) else ():
            field = cls.model_fields.get(name)
            if isinstance(value, bool) and field and bool not in (field.annotation, *get_args(field.annotation)):
                raise ValueError(f"{name} cannot be {str(value).lower()}; it must be {describe_allowed(cls, name)}")
        return data


def alternatives(annotation: Any) -> dict[str, type[FrozenModel]]:
    """Return the models that a field can hold, by their `kind`; empty if the field does not hold such models."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return {kind: model for part in get_args(annotation) for kind, model in alternatives(part).items()}
    if isinstance(annotation, type) and issubclass(annotation, FrozenModel) and "kind" in annotation.model_fields:
        return {annotation.model_fields["kind"].default: annotation}
    return {}


def describe_allowed(model: type[FrozenModel], name: str) -> str:
    """Describe the values that a field allows: 'a number greater than 0'.

    The text is the field's `description` if it has one, and is derived from its type and bounds otherwise.
    """
    field = model.model_fields[name]
    kinds = alternatives(field.annotation)
    if len(kinds) > 1:
        return "one of " + ", ".join(sorted(kinds))
    if field.description:
        return field.description
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return _describe_schema(TypeAdapter(annotation).json_schema())


def _describe_schema(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return ", or ".join(_describe_schema(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"a list with {schema.get('minItems', 1)} or more entries, each {_describe_schema(schema['items'])}"
    nouns = {"number": "a number", "integer": "a whole number", "boolean": "true or false", "null": "null"}
    return nouns.get(schema.get("type", ""), "text") + _describe_bounds(schema)


def _describe_bounds(schema: dict[str, Any]) -> str:
    """Return ' from 1 to 16' or ' greater than 0 and at most 16'; an empty string without bounds."""
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']:g} to {schema['maximum']:g}"
    bounds = [
        f"{words} {schema[key]:g}"
        for key, words in (
            ("exclusiveMinimum", "greater than"),
            ("minimum", "at least"),
            ("exclusiveMaximum", "less than"),
            ("maximum", "at most"),
        )
        if key in schema
    ]
    if not bounds:
        return ""
    return (" of " if bounds[0].startswith("at") else " ") + " and ".join(bounds)


def select_error(error: ValidationError) -> ErrorDetails:
    """Return the error to report: an unknown field if there is one, as a misspelled field is also missing."""
    details = error.errors()
    return next((detail for detail in details if detail["type"] == "extra_forbidden"), details[0])


def format_error(model: type[FrozenModel], error: ValidationError) -> str:
    """Return one sentence on a validation error, with the field, its value and what is allowed."""
    detail = select_error(error)
    owner, path = _locate(model, detail["loc"])
    dotted = ".".join(path)
    if detail["type"] in _CUSTOM_ERRORS:
        if detail["loc"] and isinstance(detail["loc"][-1], int):
            dotted += f".{detail['loc'][-1]}"
        text = detail["msg"].split(", ", 1)[1]
        return f"{dotted}: {text}" if dotted else text
    if not path:
        fields = ", ".join(model.model_fields)
        return f"a {model.__name__.lower()} must be an object with named fields ({fields}), not {detail['input']!r}"
    name = path[-1]
    if detail["type"] == "extra_forbidden":
        return format_unknown_field(owner, name, ".".join(path[:-1]))
    if detail["type"] == "missing":
        return f"{dotted} is missing; it must be {describe_allowed(owner, name)}"
    return f"{dotted} cannot be {detail['input']!r}; it must be {describe_allowed(owner, name)}"


def format_unknown_field(owner: type[FrozenModel], name: str, path: str) -> str:
    """Return the sentence for a field that the model at `path` does not have; an empty path is the root."""
    if "kind" not in owner.model_fields:
        place = path or f"the {owner.__name__.lower()}"
    elif path:
        place = f"{path} of kind {owner.model_fields['kind'].default}"
    else:
        place = owner.__name__
    return f"{place} has no field {name!r}; its fields are {', '.join(owner.model_fields)}"


def _locate(model: type[FrozenModel], location: tuple[int | str, ...]) -> tuple[type[FrozenModel], list[str]]:
    """Return the model that owns the field at pydantic's location, and the field's path without union tags."""
    path: list[str] = []
    owner = model
    inner = model
    rest = list(location)
    while rest:
        part = rest.pop(0)
        field = inner.model_fields.get(str(part))
        owner = inner
        path.append(str(part))
        if field is None:
            break
        kinds = alternatives(field.annotation)
        if kinds and rest and rest[0] in kinds:
            inner = kinds[str(rest.pop(0))]
        elif isinstance(field.annotation, type) and issubclass(field.annotation, FrozenModel):
            inner = field.annotation
        elif (item := _item_model(field.annotation)) is not None and len(rest) > 1:
            inner = item
            path.append(str(rest.pop(0)))
        else:
            break
    return owner, path


def _item_model(annotation: Any) -> type[FrozenModel] | None:
    """Return the model that a tuple or a dictionary holds, or None."""
    parts = get_args(annotation) if get_origin(annotation) in (tuple, dict) else ()
    models = [part for part in parts if isinstance(part, type) and issubclass(part, FrozenModel)]
    return models[0] if models else None
