"""Figures as inline SVG: nothing that could clash with the page around them, and colors that follow it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure

from barestyle.plots.svg import new_figure, to_svg


def labeled_figure() -> Figure:
    figure = new_figure(300, 200)
    axes = figure.subplots()
    axes.semilogy([1, 2, 3], [1, 10, 100], color="black")
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("x & y <z>")
    return figure


def test_it_stands_alone_and_changes_nothing_around_it() -> None:
    svg = ET.fromstring(to_svg(labeled_figure(), "a <title> & more"))
    assert {element.tag for element in svg.iter()} <= {"svg", "title", "g", "path", "text", "tspan"}
    for element in svg.iter():
        for name, value in element.attrib.items():
            assert name not in ("id", "class", "href", "clip-path")
            assert "url(" not in value
            assert "font-family" not in value
    assert svg.findtext("title") == "a <title> & more"
    assert svg.attrib["role"] == "img"
    assert svg.attrib["viewBox"] == "0 0 300.0 200.0" or svg.attrib["viewBox"] == "0 0 300 200"
    assert "x & y <z>" in [text.text for text in svg.iter("text")]


def test_black_becomes_the_text_color_and_the_background_is_transparent() -> None:
    text = to_svg(labeled_figure(), "title")
    assert "stroke: currentColor" in text
    assert "#000000" not in text
    figure = new_figure(30, 20)
    assert "<path" not in to_svg(figure, "title")


def test_the_same_figure_gives_the_same_text() -> None:
    assert to_svg(labeled_figure(), "title") == to_svg(labeled_figure(), "title")


def test_the_settings_of_matplotlib_stay_as_they_are() -> None:
    before = dict(mpl.rcParams)
    to_svg(labeled_figure(), "title")
    assert dict(mpl.rcParams) == before
