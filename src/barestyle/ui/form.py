"""The values of the page's form, and the pictures that they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.spec import Spec, with_settings
from barestyle.spec.validation import FrozenModel
from barestyle.ui.compute import PaintRequest, StyleFile
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings, get_default_strength, parse_seed
from barestyle.ui.limits import Limits
from barestyle.ui.looks import has_strength

MAX_STYLES = 3
"""Styles that one picture can be painted in."""

MAX_VARIATIONS = 4
"""Pictures that are painted side by side."""

MIN_SIZE = 64
"""Least long side in pixels; below, most networks have too few pixels."""

RESULT_START = "result:"
"""What precedes the id of a result in `start`."""

INSTANT = "instant"
"""The value of `look` that stands for a trained style, which paints in one pass of a network."""

LOADED = "loaded settings"
"""The value of `look` that stands for the settings of an earlier result, which are in `spec`."""

MAX_STEM_BYTES = 30
"""Bytes of an input's file name that go into the name of a result: file systems limit names to 255."""


class StyleChoice(FrozenModel):
    """A style's picture, by its id, and its weight relative to the other styles."""

    picture: str
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0


class InstantChoice(FrozenModel):
    """A trained style.

    Attributes:
        style: id of its file; empty if none is chosen.
        name: of the style in the file; empty for the first one.
        strength: 0 (the photo) to 1 (all style).
    """

    style: str = ""
    name: str = ""
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0


class Form(FrozenModel):
    """The values of the form.

    Attributes:
        photo: id of the photo; empty if none is chosen.
        styles: one to MAX_STYLES in the order of the page.
        look: a preset's name, LOADED, or INSTANT.
        instant: the trained style, if the look is INSTANT; of the other values, only photo and size matter then.
        spec: the spec of an earlier result, if the look is LOADED.
        strength: 0 (the photo) to 1 (all style).
        colors: a kind of Spec.colors.
        size: pixels of the result's long side.
        seed: text of the field.
        stroke: size of the strokes relative to the style's own: Spec.style_scale.
        start: content, noise, or the id of a result after RESULT_START.
        film: whether a video of the run is recorded.
        regions: id of the painted regions; empty if the styles apply everywhere.
        vary: what differs among the pictures that are painted side by side.
        looks, strengths, vary_styles: the values of each, if they vary.
        count: number of seeds, if they vary.
    """

    photo: str = ""
    styles: Annotated[tuple[StyleChoice, ...], Field(max_length=MAX_STYLES)] = ()
    look: str = DEFAULT_PRESET
    instant: InstantChoice = InstantChoice()
    spec: dict[str, Any] | None = None
    strength: Annotated[float, Field(ge=0, le=1)] = get_default_strength()
    colors: str = Spec().colors.kind
    size: Annotated[int, Field(ge=1)] = 512
    seed: str = "0"
    stroke: Annotated[float, Field(ge=0.05, le=20)] = 1.0
    start: Annotated[str, Field(pattern=r"^(content|noise|result:[0-9a-f]+)$")] = "content"
    film: bool = False
    regions: str = ""
    vary: Literal["nothing", "looks", "strengths", "seeds", "styles"] = "nothing"
    looks: tuple[str, ...] = (DEFAULT_PRESET, "bare-fast")
    strengths: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (0.4, 0.6, 0.8, 1.0)
    count: Annotated[int, Field(ge=2, le=MAX_VARIATIONS)] = MAX_VARIATIONS
    vary_styles: tuple[str, ...] = ()

    @property
    def picture_ids(self) -> set[str]:
        """The ids of all pictures that the form names."""
        return {self.photo, *(style.picture for style in self.styles), *self.vary_styles} - {""}

    @property
    def is_instant(self) -> bool:
        """Whether a trained style paints."""
        return self.look == INSTANT

    def check_complete(self) -> None:
        """Raise PageError if a picture is missing, or too few or too many variations are chosen."""
        if not self.photo:
            raise PageError("choose a photo first; there are samples below its box")
        if not self.styles and self.vary != "styles":
            raise PageError("choose a style first; there are samples below its box")
        chosen = {"looks": self.looks, "strengths": self.strengths, "styles": self.vary_styles}.get(self.vary)
        if chosen is not None and not 2 <= len(set(chosen)) <= MAX_VARIATIONS:
            raise PageError(f"choose 2 to {MAX_VARIATIONS} {self.vary}")

    def expand(self) -> list[Form]:
        """Return a form for each picture, which varies nothing. Raise PageError or SpecError."""
        self.check_complete()
        changes: list[dict[str, Any]] = [{}]
        if self.vary == "looks":
            changes = [{"look": look} for look in dict.fromkeys(self.looks)]
        elif self.vary == "strengths":
            changes = [{"strength": strength} for strength in sorted(set(self.strengths))]
        elif self.vary == "seeds":
            first = parse_seed(self.seed)
            changes = [{"seed": str(first + number)} for number in range(self.count)]
        elif self.vary == "styles":
            changes = [{"styles": (StyleChoice(picture=style),)} for style in dict.fromkeys(self.vary_styles)]
        single = {"vary": "nothing", **{name: Form.model_fields[name].default for name in ("looks", "vary_styles")}}
        return [self.model_copy(update={**single, **change}) for change in changes]

    def settings(self) -> Settings:
        """Return the settings of a form that varies nothing. Raise SpecError or PageError."""
        base: str | Spec = self.look
        if self.is_instant:
            raise PageError("a trained style paints at once, and is not queued; choose another look for a search")
        if self.look == LOADED:
            if self.spec is None:
                raise PageError("the loaded settings are not on the page any more; load them again")
            base = Spec.from_data(self.spec)
        strength = self.strength if has_strength(preset(base).spec if isinstance(base, str) else base) else None
        return Settings(base, self.size, strength, self.colors, parse_seed(self.seed))


@dataclass(frozen=True)
class Regions:
    """Masks of the painted regions: one for each style, None for one that fills the rest, and one of what is kept."""

    masks: tuple[Path | None, ...] = ()
    keep: Path | None = None


def make_request(
    form: Form,
    find_file: Callable[[str], Path],
    limits: Limits,
    regions: Regions | None = None,
    start: Path | None = None,
) -> PaintRequest:
    """Return the request of a form that varies nothing.

    Args:
        form: the values.
        find_file: returns the file of a picture's id; may raise PageError.
        limits: of the page.
        regions: where the styles apply, if they do not apply everywhere.
        start: file of the result that the picture starts from, if it does.

    Raises SpecError for settings that cannot be used, and PageError for what the page does not offer.
    """
    settings = form.settings()
    masks = regions.masks if regions else (None,) * len(form.styles)
    styles = tuple(
        StyleFile(find_file(style.picture), style.weight, mask) for style, mask in zip(form.styles, masks, strict=True)
    )
    photo = find_file(form.photo)
    return PaintRequest(
        content=photo,
        styles=styles,
        spec=make_spec(form, limits),
        seed=settings.seed,
        title=settings.title,
        name=_make_name(form, photo, styles, settings),
        keep=regions.keep if regions else None,
        start=start,
        records_film=form.film,
        form=form.model_dump(mode="json"),
    )


def make_spec(form: Form, limits: Limits) -> Spec:
    """Return the spec of a form that varies nothing. Raise SpecError or PageError."""
    start = "picture" if form.start.startswith(RESULT_START) else form.start
    return with_settings(form.settings().spec(limits), {"style_scale": form.stroke, "start": start})


def _make_name(form: Form, photo: Path, styles: tuple[StyleFile, ...], settings: Settings) -> str:
    """Return a file name that says what the picture was made from and how."""
    parts = [shorten(path.stem) for path in (photo, *(style.file for style in styles))]
    parts.append("loaded" if form.look == LOADED else form.look)
    if settings.strength is not None:
        parts.append(f"{settings.strength:g}")
    parts += [f"seed{settings.seed}", f"{form.size}px"]
    if form.start.startswith(RESULT_START):  # its name must not be that of the result that it starts from
        parts.append(f"from-{form.start.removeprefix(RESULT_START)[:6]}")
    return "-".join(parts)


def shorten(stem: str) -> str:
    """Return the first MAX_STEM_BYTES of a file's name, in UTF-8."""
    return stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore")
