"""The form's values become requests, one for each picture that is painted side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from barestyle.errors import SpecError
from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.spec import Spec, with_settings
from barestyle.spec.validation import alternatives
from barestyle.ui.compute import StyleFile
from barestyle.ui.errors import PageError
from barestyle.ui.form import LOADED, Form, Regions, StyleChoice, make_request
from barestyle.ui.limits import Limits
from barestyle.ui.page_options import COLOR_LABELS, describe_page

LIMITS = Limits()
CHOSEN: dict[str, Any] = {"photo": "photo", "styles": [{"picture": "style"}]}


def find_file(picture_id: str) -> Path:
    return Path("folder") / f"{picture_id}.png"


def test_the_initial_values_are_the_default_preset() -> None:
    """Except for the size, which the preset takes from the photo."""
    request = make_request(Form(**CHOSEN), find_file, LIMITS)
    assert with_settings(request.spec, {"size": None}) == preset(DEFAULT_PRESET).spec
    assert (request.content, request.styles) == (find_file("photo"), (StyleFile(find_file("style")),))
    assert request.name == "photo-style-bare-0.5-seed0-512px"


def test_every_value_reaches_the_request() -> None:
    form = Form(
        photo="photo",
        styles=[{"picture": "a", "weight": 2}, {"picture": "b"}],
        look="bare-fine",
        strength=0.9,
        colors="luminance",
        size=300,
        seed="17",
        stroke=1.5,
        start="noise",
        film=True,
    )
    regions = Regions((Path("a-mask.png"), None), Path("keep.png"))
    request = make_request(form, find_file, LIMITS, regions)
    expected = {
        "size": 300,
        "content_loss.strength": 0.9,
        "colors": "luminance",
        "style_scale": 1.5,
        "start": "noise",
    }
    assert request.spec == with_settings(preset("bare-fine").spec, expected)
    assert (request.seed, request.records_film, request.keep) == (17, True, Path("keep.png"))
    assert request.styles == (StyleFile(find_file("a"), 2, Path("a-mask.png")), StyleFile(find_file("b")))
    assert Form(**request.form) == form


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ({"vary": "looks", "looks": ["bare", "npnd"]}, [{"look": "bare"}, {"look": "npnd"}]),
        ({"vary": "strengths", "strengths": [1, 0.2]}, [{"strength": 0.2}, {"strength": 1.0}]),
        ({"vary": "seeds", "seed": "7", "count": 3}, [{"seed": "7"}, {"seed": "8"}, {"seed": "9"}]),
        (
            {"vary": "styles", "styles": [], "vary_styles": ["a", "b"]},
            [{"styles": (StyleChoice(picture="a"),)}, {"styles": (StyleChoice(picture="b"),)}],
        ),
    ],
)
def test_variations_differ_in_one_value(values: dict[str, Any], changed: list[dict[str, Any]]) -> None:
    form = Form(**{**CHOSEN, **values})
    forms = form.expand()
    assert len(forms) == len(changed)
    for single, expected in zip(forms, changed, strict=True):
        assert single.vary == "nothing"
        assert {name: getattr(single, name) for name in expected} == expected
        assert single.expand() == [single], "each can be painted again alone"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"photo": ""}, "choose a photo first"),
        ({"styles": []}, "choose a style first"),
        ({"vary": "looks", "looks": ["bare"]}, "choose 2 to 4 looks"),
        ({"vary": "looks", "looks": ["bare", "bare"]}, "choose 2 to 4 looks"),
        ({"vary": "strengths", "strengths": [0, 0.1, 0.2, 0.3, 0.4]}, "choose 2 to 4 strengths"),
        ({"vary": "styles", "vary_styles": []}, "choose 2 to 4 styles"),
    ],
)
def test_what_is_missing_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(PageError, match=message):
        Form(**{**CHOSEN, **values}).expand()


def test_values_out_of_range_are_refused_in_a_sentence() -> None:
    for values, message in (
        ({"strength": 2}, "strength cannot be 2"),
        ({"size": 0}, "size cannot be 0"),
        ({"styles": [{"picture": "a", "weight": 0}]}, "weight"),
        ({"styles": [{"picture": "a"}] * 4}, "styles"),
        ({"unknown": 1}, "unknown"),
    ):
        with pytest.raises(SpecError, match=message):
            Form(**values)
    with pytest.raises(SpecError, match="seed must be a whole number"):
        make_request(Form(**CHOSEN, seed="abc"), find_file, LIMITS)
    with pytest.raises(PageError, match="size must be at most 8192 pixels"):
        make_request(Form(**CHOSEN, size=9000), find_file, LIMITS)


def test_loaded_settings_are_used_as_they_are() -> None:
    spec = with_settings(preset("bare").spec, {"network.channels": 24, "style_scale": 2, "start": "noise"})
    form = Form(
        **CHOSEN, look=LOADED, spec=spec.model_dump(mode="json"), size=128, strength=0.5, stroke=2, start="noise"
    )
    assert make_request(form, find_file, LIMITS).spec == with_settings(
        spec, {"size": 128, "content_loss.strength": 0.5}
    )
    with pytest.raises(PageError, match="load them again"):
        make_request(Form(**CHOSEN, look=LOADED), find_file, LIMITS)


def test_a_strength_is_left_out_if_the_look_has_none() -> None:
    request = make_request(Form(**CHOSEN, look="npnd", strength=0.3), find_file, LIMITS)
    assert with_settings(request.spec, {"size": None}) == preset("npnd").spec
    assert "0.3" not in request.name


def test_every_look_and_color_has_its_words_and_thumbnail() -> None:
    page = describe_page(LIMITS)
    assert set(COLOR_LABELS) == set(alternatives(Spec.model_fields["colors"].annotation))
    assert all(look["image"].startswith("data:image/jpeg") for look in page["looks"])
    assert [size["pixels"] for size in page["print_sizes"]] == sorted(size["pixels"] for size in page["print_sizes"])
