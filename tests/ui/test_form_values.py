"""What a visitor sets becomes a spec, and an earlier result becomes what a visitor set."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.errors import SpecError
from barestyle.presets import DEFAULT_PRESET, PRESETS, preset
from barestyle.run import record as records
from barestyle.run.record import Record
from barestyle.spec import Spec, with_settings
from barestyle.spec.validation import members
from barestyle.ui import choices, controls
from barestyle.ui.controls import CONTROLS
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings, of_record, parse_base, parse_seed
from barestyle.ui.limits import Limits

LIMITS = Limits()


def test_what_needs_trained_weights_is_not_offered_and_everything_else_is() -> None:
    trained = {name for name, one in PRESETS.items() if choices.is_trained(one.spec)}
    assert trained == {"paper-original"}
    assert set(choices.offered()) == set(PRESETS) - trained
    for name in trained:
        with pytest.raises(PageError, match="needs trained weights"):
            Settings(name).spec(LIMITS)


def test_every_preset_that_is_offered_has_words_of_its_own() -> None:
    assert set(choices.WORDS) == set(choices.offered())
    assert len({choices.title(name) for name in choices.offered()}) == len(choices.offered())


def test_every_kind_of_colors_has_words() -> None:
    assert set(controls.COLORS) == set(members(Spec.model_fields["colors"].annotation))


def test_what_the_controls_show_at_first_is_the_default_preset() -> None:
    """Size apart, which is the photograph's own there: nothing is declared a second time."""
    made = [control.make(LIMITS) for control in CONTROLS]
    spec = controls.assembled(DEFAULT_PRESET, [component.value for component in made]).spec(LIMITS)
    assert with_settings(spec, {"size": None}) == preset(DEFAULT_PRESET).spec


@pytest.mark.parametrize("name", choices.offered())
def test_settings_come_back_from_a_record(name: str, quick: Path) -> None:
    made = Settings(name, size=80, strength=0.3 if choices.takes_strength(preset(name).spec) else None, seed=2**60)
    record = _record(quick, made.spec(LIMITS), seed=made.seed)
    found = of_record(record)
    assert (found.base, found.size, found.strength, found.seed) == (name, 64, made.strength, 2**60)
    shown = [control.shown(found, LIMITS) for control in CONTROLS]
    again = controls.assembled(found.base, shown)
    if made.strength is None:  # the page leaves it out where a preset takes none
        again = Settings(again.base, again.size, None, again.colors, again.seed)
    assert again.spec(LIMITS) == with_settings(record.spec, {"size": 64})


def test_what_is_no_preset_comes_back_whole(quick: Path) -> None:
    record = records.find(quick)
    found = of_record(record)
    assert found.base == record.spec
    assert found.spec(LIMITS) == record.spec


@pytest.mark.parametrize("colors", ["luminance", "matched"])
def test_colors_are_set_and_come_back(colors: str, quick: Path) -> None:
    spec = Settings("bare", colors=colors).spec(LIMITS)
    assert spec.colors.kind == colors
    found = of_record(_record(quick, spec))
    assert (found.base, found.colors) == ("bare", colors)


def test_what_the_page_cannot_repeat_it_refuses(quick: Path) -> None:
    trained = preset("paper-original").spec
    with pytest.raises(PageError, match="made with trained weights"):
        of_record(_record(quick, trained))
    record = records.find(quick)
    with pytest.raises(PageError, match="made with several styles"):
        of_record(record.model_copy(update={"styles": record.styles * 2}))
    with pytest.raises(PageError, match="made with masks"):
        of_record(record.model_copy(update={"keep": record.content}))
    with pytest.raises(PageError, match="made with a picture to begin with"):
        of_record(_record(quick, with_settings(record.spec, {"start": "picture"})))


def test_a_larger_picture_than_the_page_paints_is_refused() -> None:
    with pytest.raises(PageError, match="size cannot be 4096 here; this page paints up to 2048 pixels"):
        Settings(size=4096).spec(LIMITS)


def test_a_strength_where_there_is_none_is_refused_with_the_reason() -> None:
    with pytest.raises(SpecError, match="style_loss=gram"):
        Settings("npnd", strength=0.5).spec(LIMITS)


def test_what_is_typed() -> None:
    assert parse_seed(" 12 ") == 12
    assert parse_seed("") == 0
    with pytest.raises(SpecError, match="seed cannot be 'twelve'"):
        parse_seed("twelve")
    assert parse_base("npnd") == "npnd"
    spec = preset("npnd").spec
    assert parse_base(spec.to_json()) == parse_base(spec.model_dump()) == spec


def _record(result: Path, spec: Spec, seed: int = 0) -> Record:
    """The record of a result as if it had been made with another spec and seed, read back from its JSON."""
    record = records.find(result).model_copy(update={"spec": spec, "seed": seed})
    return records.parse(record.to_json(), result)


def test_side_by_side_the_strength_says_whom_it_is_for() -> None:
    assert controls.strength_of_several(["bare", "bare-fast"]) == (controls.STRENGTH_SAYS, True)
    assert controls.strength_of_several([]) == (controls.STRENGTH_SAYS, True)
    assert controls.strength_of_several(["npnd", "paper"]) == (
        "None of these manners has more than one strength",
        False,
    )
    told, takes = controls.strength_of_several(["bare", "npnd", "bare-fine"])
    assert takes
    assert told.endswith("for Balanced and Finely worked alone")
