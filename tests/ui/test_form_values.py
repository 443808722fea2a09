"""Settings become a spec, and the record of an earlier result becomes settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.errors import RecordError, SpecError
from barestyle.presets import preset
from barestyle.run import record as records
from barestyle.run.record import Record
from barestyle.spec import Spec, with_settings
from barestyle.ui.earlier_results import merge_settings
from barestyle.ui.errors import PageError
from barestyle.ui.form import Form, make_request
from barestyle.ui.form_values import Settings, parse_base, parse_seed, read_record, settings_from_record
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS, has_strength

LIMITS = Limits()


@pytest.mark.parametrize("name", LOOKS)
def test_settings_come_back_from_a_record(name: str, quick_result: Path) -> None:
    made = Settings(name, size=80, strength=0.3 if has_strength(preset(name).spec) else None, seed=2**60)
    record = _record(quick_result, made.spec(LIMITS), seed=made.seed)
    settings = settings_from_record(record)
    assert (settings.base, settings.size, settings.strength, settings.seed) == (name, 64, made.strength, 2**60)
    form = merge_settings(Form(photo="photo", styles=[{"picture": "style"}]), settings, LIMITS.max_size)
    request = make_request(form, Path, LIMITS)
    assert request.spec == with_settings(record.spec, {"size": 64})
    assert request.seed == 2**60


def test_a_spec_that_is_not_a_presets_is_the_base(quick_result: Path) -> None:
    record = records.find(quick_result)
    settings = settings_from_record(record)
    assert settings.base == record.spec
    assert settings.spec(LIMITS) == record.spec


@pytest.mark.parametrize("start", ["content", "noise"])
def test_the_start_comes_back_from_a_record(start: str, quick_result: Path) -> None:
    spec = with_settings(preset("bare").spec, {"start": start})
    settings = settings_from_record(_record(quick_result, spec))
    assert (settings.base, settings.start) == ("bare", start)


@pytest.mark.parametrize("colors", ["luminance", "matched"])
def test_colors_come_back_from_a_record(colors: str, quick_result: Path) -> None:
    spec = Settings("bare", colors=colors).spec(LIMITS)
    assert spec.colors.kind == colors
    settings = settings_from_record(_record(quick_result, spec))
    assert (settings.base, settings.colors) == ("bare", colors)


def test_records_that_the_page_cannot_repeat_are_refused(quick_result: Path) -> None:
    trained = preset("paper-original").spec
    with pytest.raises(PageError, match="made with trained weights"):
        settings_from_record(_record(quick_result, trained))


def test_a_size_above_the_limit_is_refused() -> None:
    with pytest.raises(PageError, match="size must be at most 8192 pixels on this page, not 9000"):
        Settings(size=9000).spec(LIMITS)


def test_a_strength_that_the_preset_does_not_have_is_refused() -> None:
    with pytest.raises(SpecError, match="style_loss=gram"):
        Settings("npnd", strength=0.5).spec(LIMITS)


def test_records_are_read_from_a_result_or_its_record(quick_result: Path, tmp_path: Path) -> None:
    record = read_record(quick_result)
    assert record == records.find(quick_result)
    assert read_record(quick_result.with_name("earlier.png.json")) == record
    damaged = tmp_path / "damaged.json"
    damaged.write_text("{")
    with pytest.raises(RecordError, match=r"'damaged.json'"):
        read_record(damaged)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"x")
    with pytest.raises(PageError, match=r"^'photo.jpg' has no barestyle settings in it; choose a picture that"):
        read_record(photo)


def test_parse_seed() -> None:
    assert parse_seed(" 12 ") == 12
    assert parse_seed("") == 0
    for text in ("twelve", "-3", "1.5"):
        with pytest.raises(SpecError, match=r"^seed must be a whole number, 0 or greater$"):
            parse_seed(text)
    assert parse_seed(str(2**63 - 1)) == 2**63 - 1
    with pytest.raises(SpecError, match="seed must be less than 9223372036854775808"):
        parse_seed(str(2**63))


def test_parse_base() -> None:
    assert parse_base("npnd") == "npnd"
    spec = preset("npnd").spec
    assert parse_base(spec.to_json()) == parse_base(spec.model_dump()) == spec


def _record(result: Path, spec: Spec, seed: int = 0) -> Record:
    """Return the record of a result with another spec and seed, read back from its JSON."""
    record = records.find(result).model_copy(update={"spec": spec, "seed": seed})
    return records.parse(record.to_json(), result)
