"""A result in a notebook: its picture, losses and settings, readable anywhere, and nothing from elsewhere."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import PRESETS, Result, Spec, preset, transfer, with_settings
from barestyle.images import resize
from barestyle.run.notebook_view import LONGEST_SIDE, render_html
from barestyle.run.record import Input
from tests.browser import open_file
from tests.conftest import drawing

SPEC = with_settings(preset("bare").spec, {"size": 64, "optimizer.steps": 2, "scales": "single"})


@pytest.fixture(scope="module")
def result(pictures: Path) -> Result:
    return transfer(pictures / "content.png", pictures / "style.jpg", SPEC, seed=5)


def changed(result: Result, **fields: Any) -> Result:
    """The same result with another record."""
    return replace(result, record=result.record.model_copy(update=fields))


def parsed(result: Result) -> ET.Element:
    """The fragment as XML, which is stricter than HTML: every tag closed, every text escaped."""
    return ET.fromstring(render_html(result))


def shown(result: Result) -> Image.Image:
    """The picture inside the fragment."""
    (image,) = parsed(result).iter("img")
    kind, data = image.attrib["src"].split(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    assert kind == f"data:image/{str(picture.format).lower()}"
    assert (int(image.attrib["width"]), int(image.attrib["height"])) == picture.size
    return picture


def facts(result: Result) -> dict[str, str]:
    """The table: the first cell of each row and the second."""
    rows = [["".join(cell.itertext()) for cell in row] for row in parsed(result).iter("tr")]
    assert len({name for name, _ in rows}) == len(rows)
    return dict(rows)


def test_the_picture_is_the_results(result: Result) -> None:
    found, made = (np.asarray(image, np.float64) for image in (shown(result), result.to_pil()))
    assert found.shape == (48, 64, 3)
    assert 10 * np.log10(255**2 / np.square(found - made).mean()) > 35, "decibels: no more than a JPEG's rounding"


def test_transparency_is_kept_exactly(content_image: Image.Image, style_image: Image.Image) -> None:
    seen_through = content_image.copy()
    seen_through.putalpha(Image.linear_gradient("L").resize(content_image.size))
    result = transfer(seen_through, style_image, SPEC)
    assert shown(result).mode == "RGBA"
    assert np.array_equal(np.asarray(shown(result)), np.asarray(result.to_pil()))


@pytest.mark.parametrize("size", [(LONGEST_SIDE, 300), (300, LONGEST_SIDE), (1600, 900), (500, 1601)])
def test_a_large_picture_is_shrunk_for_display(result: Result, size: tuple[int, int]) -> None:
    original = drawing(*size, seed=3)
    image = torch.from_numpy(np.array(original)).permute(2, 0, 1)[None] / 255
    picture = shown(changed(replace(result, image=image), width=size[0], height=size[1]))
    assert max(picture.size) == LONGEST_SIDE
    factor = LONGEST_SIDE / max(size)
    assert picture.size == (round(size[0] * factor), round(size[1] * factor))
    expected = np.asarray(original.resize(picture.size, Image.Resampling.BICUBIC), np.float64)
    assert np.abs(np.asarray(picture, np.float64) - expected).mean() < 1


def test_a_small_picture_is_shown_as_it_is(result: Result) -> None:
    assert shown(result).size == result.to_pil().size


def test_the_curve_has_a_title_in_words(result: Result) -> None:
    (svg,) = parsed(result).iter("svg")
    first, last = result.losses[0], result.losses[-1]
    assert svg.attrib["role"] == "img"
    assert svg.findtext("title") == f"Loss at {len(result.losses)} iterates, {first:.3g} → {last:.3g}, linear axis"
    assert f"loss {first:.3g} → {last:.3g}" in ["".join(text.itertext()) for text in svg.iter("text")]


def test_the_facts_are_the_records(result: Result) -> None:
    found = facts(result)
    assert found["size"] == "64 × 48 pixels"
    assert found["seed"] == "5"
    assert found["device"] == "cpu"
    assert found["precision"] == result.record.precision
    assert found["optimization"] == f"{result.evaluations} evaluations in {result.seconds:.1f} s"
    assert found["ended because"] == result.reason
    assert found["digest"] == result.spec.digest
    assert facts(changed(result, restarts=2))["optimization"].endswith(" s after restart 2")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_named_at_any_size(name: str, result: Result) -> None:
    spec = with_settings(preset(name).spec, {"size": 99})
    assert facts(changed(result, spec=spec))["preset"] == name
    assert not [field for field in facts(changed(result, spec=spec)) if "." in field]


def test_settings_that_differ_from_the_preset_are_listed(result: Result) -> None:
    settings = {"content_loss.strength": 0.75, "network.weights": "gaussian", "network.weights.std": 0.2}
    found = facts(changed(result, spec=with_settings(preset("bare").spec, settings)))
    assert found["preset"] == "bare, except"
    assert {field: value for field, value in found.items() if field.split(".")[0] in Spec.model_fields} == {
        "network.weights": "binary → gaussian",
        "network.weights.std": "0.2",
        "content_loss.strength": "0.5 → 0.75",
        "size": "64 × 48 pixels",
    }


def test_an_interrupted_run_says_so(content_image: Image.Image, style_image: Image.Image) -> None:
    result = transfer(content_image, style_image, SPEC, should_stop=lambda: True)
    assert "interrupted" in facts(result)["ended because"]
    (svg,) = parsed(result).iter("svg")
    assert svg.findtext("title") == f"Loss at 1 iterates, {result.losses[0]:.3g}, linear axis"
    assert shown(result).size == (64, 48)


EVIL = '<script>alert("1")</script> & <img src=x onerror=alert(1)>'


def test_every_text_is_escaped(result: Result) -> None:
    name = EVIL.replace("/", "")
    record = {"reason": EVIL, "device": EVIL, "digest": EVIL, "content": Input(path=f"/a/{name}", sha256="0")}
    evil = changed(result, **record)
    assert [element.tag for element in parsed(evil).iter()] == [element.tag for element in parsed(result).iter()]
    assert "<script" not in render_html(evil)
    assert {facts(evil)[fact] for fact in ("ended because", "device", "digest")} == {EVIL}
    (image,) = parsed(evil).iter("img")
    assert image.attrib["alt"] == f"{name} in the style of style.jpg"
    assert set(image.attrib) == {"src", "width", "height", "alt", "style"}


def test_nothing_comes_from_elsewhere(result: Result) -> None:
    assert {element.tag for element in parsed(result).iter()} == (
        {"div", "figure", "img", "svg", "title", "text", "path"} | {"table", "tbody", "tr", "th", "td", "code"}
    )
    for element in parsed(result).iter():
        for attribute, value in element.attrib.items():
            assert attribute not in ("id", "class", "href"), "nothing to clash with, nothing to follow"
            assert not attribute.startswith("on")
            assert "url(" not in value
            assert "//" not in value or attribute == "src", "base64 has slashes"
    assert [image.attrib["src"].startswith("data:image/") for image in parsed(result).iter("img")] == [True]


def test_no_folder_leaves_with_a_notebook(result: Result, pictures: Path, content_image: Image.Image) -> None:
    weights = with_settings(preset("paper-original").spec, {"network.trained_file": str(pictures / "vgg19.pth")})
    text = render_html(changed(result, spec=weights))
    assert "content.png in the style of style.jpg" in text
    assert str(pictures) not in text
    assert "trained_file" not in text
    in_memory = transfer(content_image, pictures / "style.jpg", SPEC)
    assert "a picture in the style of style.jpg" in render_html(in_memory)


def test_a_result_shows_itself(result: Result) -> None:
    assert result._repr_html_() == render_html(result)


def test_drawing_the_curve_needs_no_matplotlib() -> None:
    code = "import sys, barestyle.run.notebook_view; sys.exit(str({'matplotlib', 'IPython'} & set(sys.modules) or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""


STYLES = "elements => elements.map(one => getComputedStyle(one).{})"


@pytest.mark.parametrize(("ink", "paper"), [("rgb(20, 20, 20)", "white"), ("rgb(230, 230, 230)", "rgb(17, 17, 17)")])
def test_it_is_readable_on_light_and_dark_wide_and_narrow(result: Result, ink: str, paper: str, tmp_path: Path) -> None:
    wide = replace(result, image=resize(result.image, 384, 512))
    page_of_a_notebook = f"<!doctype html><body style='color:{ink};background:{paper};margin:8px'>{render_html(wide)}"
    (tmp_path / "page.html").write_text(page_of_a_notebook, encoding="utf-8")
    with open_file(tmp_path / "page.html") as page:
        backgrounds = page.eval_on_selector_all("body *", STYLES.format("backgroundColor"))
        assert set(backgrounds) == {"rgba(0, 0, 0, 0)"}, "no boxes"
        inks = page.eval_on_selector_all("td, th, code, svg", STYLES.format("color"))
        assert set(inks) == {ink}
        for width, beside in ((1000, True), (360, False)):
            page.set_viewport_size({"width": width, "height": 800})
            picture, table = (page.locator(name).bounding_box() for name in ("img", "table"))
            assert picture is not None
            assert table is not None
            assert (table["x"] > picture["x"] + picture["width"]) == beside
            assert (table["y"] > picture["y"] + picture["height"]) != beside
            assert picture["height"] / picture["width"] == pytest.approx(3 / 4, abs=0.01)
            assert page.evaluate("document.documentElement.scrollWidth") == width
