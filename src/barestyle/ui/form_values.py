"""From the values of the page's form to a spec, and from an earlier result's record to values of the form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from barestyle.errors import BarestyleError, SpecError
from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.run import record as records
from barestyle.run.record import Record
from barestyle.spec import ContentStart, LuminanceContentLoss, Spec, with_settings
from barestyle.ui.errors import PageError, strip_folder
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS, has_strength, needs_trained_weights

SEED_LIMIT = 2**63


@dataclass(frozen=True)
class Settings:
    """The values of the form. None leaves a value to the preset, or to the photo.

    Attributes:
        base: a preset's name, or the spec of an earlier result.
        size: pixels of the result's long side.
        strength: 0 (the photo) to 1 (all style); only for looks that have a strength.
        colors: a kind of Spec.colors.
        seed: of the network's random weights.
        start: content or noise. A picture is not a setting, but one of the inputs.
    """

    base: str | Spec = DEFAULT_PRESET
    size: int | None = None
    strength: float | None = None
    colors: str | None = None
    seed: int = 0
    start: str = "content"

    @property
    def title(self) -> str:
        """What the page calls the look."""
        return preset(self.base).title if isinstance(self.base, str) else "Loaded settings"

    def spec(self, limits: Limits) -> Spec:
        """Return the spec for these values. Raise SpecError, or PageError for what the page does not offer."""
        base = preset(self.base).spec if isinstance(self.base, str) else self.base
        if needs_trained_weights(base):
            label = repr(self.base) if isinstance(self.base, str) else "this spec"
            raise PageError(
                f"{label} needs trained weights, which the page does not offer; use {', '.join(LOOKS)}, "
                "or the command `barestyle transfer`"
            )
        spec = with_settings(base, _make_spec_fields(self.size, self.strength, self.colors))
        check_size(spec.size or 0, limits)
        return spec


def check_size(size: int, limits: Limits) -> None:
    """Raise PageError if a result's long side is larger than the page allows."""
    if size > limits.max_size:
        raise PageError(
            f"size must be at most {limits.max_size} pixels on this page, not {size}; "
            "restart it with a larger --max-size"
        )


def _make_spec_fields(size: int | None, strength: float | None, colors: str | None) -> dict[str, Any]:
    """Return the values by the names of the spec's fields, without those that are None."""
    fields: dict[str, Any] = {}
    if size is not None:
        fields["size"] = size
    if strength is not None:
        fields |= {"content_loss": "luminance", "content_loss.strength": strength}
    if colors is not None:
        fields["colors"] = colors
    return fields


def get_default_strength() -> float:
    """Return the strength that the form starts with: the default preset's."""
    return get_strength(preset(DEFAULT_PRESET).spec) or LuminanceContentLoss().strength


def get_strength(spec: Spec) -> float | None:
    """Return a spec's strength, or None if it has none."""
    return spec.content_loss.strength if isinstance(spec.content_loss, LuminanceContentLoss) else None


def parse_seed(text: str) -> int:
    """Return the seed in a text field; 0 if it is empty. Raise SpecError."""
    try:
        seed = int(text.strip() or "0")
    except ValueError:
        seed = -1
    if seed < 0:
        raise SpecError("seed must be a whole number, 0 or greater")
    if seed >= SEED_LIMIT:
        raise SpecError(f"seed must be less than {SEED_LIMIT}")
    return seed


def parse_base(value: object) -> str | Spec:
    """Return a preset's name, or the spec that is given as JSON text or as its parsed data. Raise SpecError."""
    if isinstance(value, dict):
        return Spec.from_data(value)
    text = str(value).strip()
    return Spec.from_json(text) if text.startswith("{") else text


def read_record(file: Path) -> Record:
    """Return the record in a result, or in its JSON file. Raise RecordError or PageError."""
    try:
        record = records.find(file) if file.suffix == ".json" else records.read_embedded(file)
    except BarestyleError as error:
        raise type(error)(strip_folder(str(error), file)) from None
    if record is None:
        raise PageError(f"{file.name!r} has no barestyle settings in it; choose a picture that barestyle made")
    return record


def settings_from_record(record: Record) -> Settings:
    """Return the settings that an earlier result was made with. Raise PageError if the page cannot repeat them."""
    if needs_trained_weights(record.spec):
        raise PageError(
            "this picture was made with trained weights, which the page does not offer; "
            "use the command `barestyle rerun` to repeat it"
        )
    spec = record.spec.model_copy(update={"start": ContentStart()})
    return Settings(
        base=_find_base(spec),
        size=max(record.width, record.height),
        strength=get_strength(spec),
        colors=spec.colors.kind,
        seed=record.seed,
        start="noise" if record.spec.start.kind == "noise" else "content",
    )


def _find_base(spec: Spec) -> str | Spec:
    """Return the preset that differs from a spec at most in what the form sets, or else the spec."""
    for name, candidate in LOOKS.items():
        strength = get_strength(spec) if has_strength(candidate.spec) else None
        adjusted = with_settings(candidate.spec, _make_spec_fields(None, strength, spec.colors.kind))
        if adjusted.model_copy(update={"size": spec.size}) == spec:
            return name
    return spec
