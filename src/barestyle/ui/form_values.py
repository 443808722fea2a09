"""What a visitor sets, as a spec; and the settings of an earlier result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from barestyle.errors import SpecError
from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.run.record import Record
from barestyle.spec import DEFAULT_LONGEST_SIDE, LuminanceContentLoss, PictureStart, Spec, with_settings
from barestyle.ui.choices import is_trained, offered, takes_strength, title
from barestyle.ui.errors import PageError
from barestyle.ui.limits import Limits


@dataclass(frozen=True)
class Settings:
    """A visitor's choices; None leaves a thing as the preset, or the photograph, has it.

    Attributes:
        base: a preset, or an earlier result's whole spec.
        size: pixels of the result's long side.
        strength: 0, the photograph, to 1, all style; only where the base takes one.
        colors: whose the result has: a kind of Spec.colors.
        seed: of the network's random weights.
    """

    base: str | Spec = DEFAULT_PRESET
    size: int | None = None
    strength: float | None = None
    colors: str | None = None
    seed: int = 0

    @property
    def title(self) -> str:
        """What the base is called."""
        return title(self.base) if isinstance(self.base, str) else "As before"

    def spec(self, limits: Limits) -> Spec:
        """The spec that the settings add up to. Raises SpecError, or PageError for what this page does not do."""
        base = preset(self.base).spec if isinstance(self.base, str) else self.base
        if is_trained(base):
            named = repr(self.base) if isinstance(self.base, str) else "this spec"
            raise PageError(
                f"{named} needs trained weights, which the page does not offer; use one of {', '.join(offered())}, "
                "or `barestyle transfer`"
            )
        spec = with_settings(base, _said(self.size, self.strength, self.colors))
        if (spec.size or 0) > limits.max_size:
            raise PageError(
                f"size cannot be {spec.size} here; this page paints up to {limits.max_size} pixels a side, "
                "unless it is started with a larger --max-size"
            )
        return spec


def _said(size: int | None, strength: float | None, colors: str | None) -> dict[str, Any]:
    """What the page sets by itself, by the names of the spec's fields."""
    said: dict[str, Any] = {}
    if size is not None:
        said["size"] = size
    if strength is not None:
        said |= {"content_loss": "luminance", "content_loss.strength": strength}
    if colors is not None:
        said["colors"] = colors
    return said


def default_strength() -> float:
    """The default preset's."""
    return strength_of(preset(DEFAULT_PRESET).spec) or LuminanceContentLoss().strength


def strength_of(spec: Spec) -> float | None:
    """How strong a spec has the style; None where it does not say."""
    return spec.content_loss.strength if isinstance(spec.content_loss, LuminanceContentLoss) else None


def parse_seed(text: str) -> int:
    """A seed as it was typed. Raises SpecError."""
    try:
        return int(text.strip() or "0")
    except ValueError:
        raise SpecError(f"seed cannot be {text!r}; it takes a whole number from 0 to 2**63 - 1") from None


def parse_base(said: object) -> str | Spec:
    """A preset's name, or a whole spec, as its JSON text or as what that stands for. Raises SpecError."""
    if isinstance(said, dict):
        return Spec.from_data(said)
    text = str(said).strip()
    return Spec.from_json(text) if text.startswith("{") else text


def of_record(record: Record) -> Settings:
    """The settings that an earlier result was made with. Raises PageError where the page cannot repeat them."""
    others = {
        "trained weights": is_trained(record.spec),
        "several styles": len(record.styles) > 1,
        "masks": record.keep is not None or any(style.mask is not None for style in record.styles),
        "a picture to begin with": isinstance(record.spec.start, PictureStart),
    }
    for thing, is_needed in others.items():
        if is_needed:
            raise PageError(
                f"this picture was made with {thing}, which the page does not offer; repeat it with `barestyle rerun`"
            )
    spec = record.spec
    return Settings(
        base=_base_of(spec),
        size=max(record.width, record.height),
        strength=strength_of(spec),
        colors=spec.colors.kind,
        seed=record.seed,
    )


def _base_of(spec: Spec) -> str | Spec:
    """The preset that a spec is but for what the page sets by itself, or the spec."""
    for name, offer in offered().items():
        strength = strength_of(spec) if takes_strength(offer.spec) else None
        same = with_settings(offer.spec, _said(None, strength, spec.colors.kind))
        if same.model_copy(update={"size": spec.size}) == spec:
            return name
    return spec


def usual_size(limits: Limits) -> int:
    """The size to begin with."""
    return min(DEFAULT_LONGEST_SIDE, limits.max_size)
