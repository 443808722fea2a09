"""Studies from YAML files; every error names the file, the line and the field."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from barestyle.errors import SpecError, StudyError
from barestyle.spec.validation import format_error, select_error
from barestyle.study.declaration import Study, check_names

SHIPPED = ("paper", "fig2", "fig3", "fig4", "fig5", "fig6", "fig7", "fig8")
"""Studies that come with barestyle; `paper` includes all the others."""


def load(name: str) -> Study:
    """Return a study by the name of a shipped one or by a file's path.

    Raises StudyError with file, line and field.
    """
    if name in SHIPPED:
        return _load_file(Path(str(files("barestyle.study") / "shipped" / f"{name}.yaml")), ())
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        raise StudyError(f"there is no study {name!r}; use one of {', '.join(SHIPPED)}, or the path of a .yaml file")
    return _load_file(path, ())


def _load_file(path: Path, including: tuple[Path, ...]) -> Study:
    """Load a file; `including` are the files that include it, from the outermost on."""
    if path.resolve() in including:
        raise StudyError(f"{str(path)!r} includes itself; remove one of the includes")
    root, data = _parse(_read_text(path), path)
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        line = _find_line(root, select_error(error)["loc"])
        raise StudyError(f"{str(path)!r}, line {line}: {format_error(Study, error)}") from None
    except SpecError as error:
        raise StudyError(f"{str(path)!r}: {error}") from None
    included = [_load_included(name, path, (*including, path.resolve())) for name in study.include]
    study = _merge(study, included, path.parent)
    try:
        check_names(study)  # all else has been validated in the study's own file
    except ValueError as error:
        raise StudyError(f"{str(path)!r}: {error}") from None
    if not study.figures:
        raise StudyError(f"{str(path)!r} has no figures; add some, or include a study that has figures")
    _check_references(study, path, root)
    _check_settings(study, path, root)
    return study


def _load_included(name: str, path: Path, including: tuple[Path, ...]) -> Study:
    try:
        return load(name) if name in SHIPPED else _load_file(path.parent / name, including)
    except StudyError as error:
        raise StudyError(f"{str(path)!r} includes {name!r}, and {error}") from None


def _merge(study: Study, included: Sequence[Study], folder: Path) -> Study:
    """Return the study with the figures and claims of the included ones, and the folder of its images."""
    studies = (*included, study)
    claims = {claim.id: claim for each in studies for claim in each.claims}
    return study.model_copy(
        update={
            "include": (),
            "folder": folder.resolve(),
            "figures": tuple(figure for each in studies for figure in each.figures),
            "claims": tuple(claims.values()),
        }
    )


def _check_references(study: Study, path: Path, root: yaml.Node) -> None:
    """Raise StudyError if an optimizer or a claim names a variant or an optimizer that the study does not have."""
    variants = {variant.variant for variant in study.variants}
    optimizers = {optimizer.name for optimizer in study.optimizers}
    references: list[tuple[tuple[int | str, ...], str, str]] = [
        (("optimizers", i), f"overrides of optimizer {optimizer.name!r}", name)
        for i, optimizer in enumerate(study.optimizers)
        for name in optimizer.overrides
    ]
    references += [(("variant_seeds", name), "variant_seeds", name) for name in study.variant_seeds]
    references += [(("claims",), f"claim {claim.id!r}", name) for claim in study.claims for name in claim.variants]
    references += [
        (("claims",), f"visibility of claim {claim.id!r}", claim.visibility)
        for claim in study.claims
        if claim.visibility
    ]
    for location, owner, name in references:
        variant, _, optimizer = name.partition("@")
        if variant not in variants or (optimizer and optimizer not in optimizers):
            raise StudyError(
                f"{str(path)!r}, line {_find_line(root, location)}: {owner} names {name!r}, which is not in the study; "
                f"its variants are {', '.join(sorted(variants))}, and its optimizers {', '.join(sorted(optimizers))}"
            )


def _check_settings(study: Study, path: Path, root: yaml.Node) -> None:
    """Raise StudyError if an optimizer's settings do not fit a variant: build every spec of the study once."""
    for i, optimizer in enumerate(study.optimizers):
        for variant in study.variants:
            try:
                study.build_spec(variant, optimizer)
            except SpecError as error:
                field = "overrides" if variant.variant in optimizer.overrides else "set"
                line = _find_line(root, ("optimizers", i, field))
                combination = f"optimizer {optimizer.name!r} with variant {variant.variant!r}"
                raise StudyError(f"{str(path)!r}, line {line}: {combination}: {error}") from None


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StudyError(f"there is no study file {str(path)!r}; check the path") from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path with a null character
        raise StudyError(f"{str(path)!r} cannot be read ({error}); give a YAML file") from None


def _parse(text: str, path: Path) -> tuple[yaml.Node, dict[str, Any]]:
    """Return the file's root node, which knows the lines, and its fields. Raises StudyError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise StudyError(f"{str(path)!r} has no fields; a study begins with `study: NAME` and `title: TEXT`")
        _check_keys(root, path)
        return root, yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = (getattr(error, "problem", None) or "it cannot be parsed").splitlines()[0]
        raise StudyError(f"{str(path)!r} is not a valid YAML file ({line}{problem})") from None
    except (ValueError, RecursionError) as error:  # a value that looks like a date, and endless nesting
        raise StudyError(f"{str(path)!r} is not a valid YAML file: {error}; put text in quotes") from None


def _check_keys(node: yaml.Node, path: Path) -> None:
    """Raise StudyError for a key that is not text, or that is repeated: YAML would silently use the last value."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, path)
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise StudyError(f"{str(path)!r}, line {line}: a field's name must be text; put it in quotes")
            if key.value in keys:
                raise StudyError(f"{str(path)!r}, line {line}: field {key.value!r} is repeated; remove one of them")
            keys.add(key.value)
            _check_keys(value, path)


def _find_line(root: yaml.Node, location: tuple[int | str, ...]) -> int:
    """Return the line of the deepest part of a location that the file has, counted from 1."""
    node, line = root, 1
    for part in location:
        entry: tuple[yaml.Node, yaml.Node] | None = None
        if isinstance(node, yaml.MappingNode):
            entry = next(((key, value) for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            entry = node.value[part], node.value[part]
        if entry is None:
            break
        line, node = entry[0].start_mark.line + 1, entry[1]
    return line
