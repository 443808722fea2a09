"""Study files: YAML to a declaration, with the file, line and field of whatever is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from barestyle.errors import SpecError, StudyError
from barestyle.spec.validation import complaint, sentence
from barestyle.study.declaration import Pair, Study

SHIPPED = ("paper", "fig2", "fig3", "fig4", "fig5", "fig6", "fig7", "fig8")
"""Studies that come with barestyle; `paper` is all the others."""


def load(name: str) -> Study:
    """A study by a shipped one's name or a file's path. Raises StudyError with file, line and field."""
    if name in SHIPPED:
        return _read(Path(str(files("barestyle.study") / "shipped" / f"{name}.yaml")), ())
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        raise StudyError(
            f"there is no study {name!r}; the shipped ones are {', '.join(SHIPPED)}, others are .yaml files"
        )
    return _read(path, ())


def _read(path: Path, above: tuple[Path, ...]) -> Study:
    if path.resolve() in above:
        raise StudyError(f"{str(path)!r} includes itself; take one include out")
    root, data = _parsed(_text(path), path)
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        line = _line(root, complaint(error)["loc"])
        raise StudyError(f"{str(path)!r}, line {line}: {sentence(Study, error)}") from None
    except SpecError as error:
        raise StudyError(f"{str(path)!r}: {error}") from None
    included = [_included(name, path, (*above, path.resolve())) for name in study.include]
    try:
        whole = Study.model_validate(_joined(study, included, path.parent).model_dump())
    except ValidationError as error:
        raise StudyError(f"{str(path)!r}: {sentence(Study, error)}") from None
    if not whole.figures:
        raise StudyError(f"{str(path)!r} has no figures; give it some, or include a study that has")
    _check_names(whole, path, root)
    _check_settings(whole, path, root)
    return whole


def _joined(study: Study, included: Sequence[Study], folder: Path) -> Study:
    """The study with the figures and claims of those that it includes, and its pairs' paths made absolute."""
    claims = {claim.id: claim for one in (*included, study) for claim in one.claims}
    return study.model_copy(
        update={
            "include": (),
            "pairs": tuple(_from_here(pair, folder) for pair in study.pairs),
            "figures": tuple(figure for one in (*included, study) for figure in one.figures),
            "claims": tuple(claims.values()),
        }
    )


def _check_names(study: Study, path: Path, root: yaml.Node) -> None:
    """Refuse names of variants and optimizers that the study does not have; with includes these are known late."""
    variants = {variant.variant for variant in study.variants()}
    optimizers = {optimizer.name for optimizer in study.optimizers}
    named: list[tuple[tuple[int | str, ...], str, str]] = [
        (("optimizers", i), f"but of optimizer {optimizer.name!r}", name)
        for i, optimizer in enumerate(study.optimizers)
        for name in optimizer.but
    ]
    named += [(("claims",), f"claim {claim.id!r}", name) for claim in study.claims for name in claim.variants]
    for location, what, name in named:
        variant, _, optimizer = name.partition("@")
        if variant not in variants or (optimizer and optimizer not in optimizers):
            raise StudyError(
                f"{str(path)!r}, line {_line(root, location)}: {what} names {name!r}, and the study has no such "
                f"variant or optimizer; its variants are {', '.join(sorted(variants))}, and its optimizers "
                f"{', '.join(sorted(optimizers))}"
            )


def _check_settings(study: Study, path: Path, root: yaml.Node) -> None:
    """Refuse what no optimizer or variant can be set to: every spec of the study is made once."""
    for i, optimizer in enumerate(study.optimizers):
        for variant in study.variants():
            try:
                study.spec(variant, optimizer)
            except SpecError as error:
                line = _line(root, ("optimizers", i, "but" if variant.variant in optimizer.but else "set"))
                where = f"{str(path)!r}, line {line}: optimizer {optimizer.name!r} with variant {variant.variant!r}"
                raise StudyError(f"{where}: {error}") from None


def _included(name: str, path: Path, above: tuple[Path, ...]) -> Study:
    try:
        return load(name) if name in SHIPPED else _read(path.parent / name, above)
    except StudyError as error:
        raise StudyError(f"{str(path)!r} includes {name!r}, and {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StudyError(f"there is no study file {str(path)!r}; check the path") from None
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a path that cannot be one
        raise StudyError(f"{str(path)!r} cannot be read ({error}); give a YAML file") from None


def _parsed(text: str, path: Path) -> tuple[yaml.Node, dict[str, Any]]:
    """The file's nodes, which know their lines, and its fields. Raises StudyError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise StudyError(f"{str(path)!r} holds no fields; a study begins with `study: NAME` and `title: TEXT`")
        _check_keys(root, path)
        return root, yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = (getattr(error, "problem", None) or "it cannot be parsed").splitlines()[0]
        raise StudyError(f"{str(path)!r}{line} is no YAML of a study: {problem}") from None
    except (ValueError, RecursionError) as error:  # of values that look like a date, and of endless nesting
        raise StudyError(f"{str(path)!r} is no YAML of a study: {error}; put texts in quotes") from None


def _check_keys(node: yaml.Node, path: Path) -> None:
    """Refuse keys that are no text, and those that stand twice, of which YAML would silently take the last."""
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _check_keys(part, path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise StudyError(f"{str(path)!r}, line {line}: a field's name has to be text; put it in quotes")
            if key.value in seen:
                raise StudyError(f"{str(path)!r}, line {line}: field {key.value!r} stands twice; keep one of them")
            seen.add(key.value)
            _check_keys(value, path)


def _line(root: yaml.Node, location: tuple[int | str, ...]) -> int:
    """The line of the deepest part of a location that is in the file, counted from 1."""
    node, line = root, 1
    for part in location:
        found: Any = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part], node.value[part]
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _from_here(pair: Pair, folder: Path) -> Pair:
    """The pair with paths seen from the file's folder made absolute, so that any worker understands them."""

    def absolute(source: str) -> str:
        return (
            source if source.startswith(("photo:", "style:")) else str((folder / Path(source).expanduser()).resolve())
        )

    return Pair(content=absolute(pair.content), style=absolute(pair.style))
