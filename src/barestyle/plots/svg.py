"""Matplotlib figures as inline SVG that fits any page: no ids, no style sheet, colors and fonts inherited."""

from __future__ import annotations

import io
import re
import threading
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETTINGS = {"svg.fonttype": "none", "path.simplify": False}
"""Text stays text, in the page's font, and no point of a line is left out."""

_LOCK = threading.Lock()
"""Matplotlib's settings are global; the page draws in several threads."""

_DROPPED = {"defs", "metadata", "style"}
"""A `style` element would change the page around it, and `defs` are for clipping and markers, which are not used."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty, transparent figure of this size in SVG units, about a pixel each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72))  # an SVG of Matplotlib has 72 units per inch
    figure.patch.set_visible(False)
    return figure


def to_svg(figure: Figure, title: str) -> str:
    """Return a figure as an SVG element that is as wide as its container.

    Black becomes the page's text color, so that the plot is readable on light and on dark. `title` is read by screen
    readers. The same figure gives the same text. Nothing may be drawn outside the axes, as clipping is removed, and
    markers are not supported.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with _LOCK, rc_context(_SETTINGS):  # type: ignore[arg-type]
        figure.savefig(buffer, format="svg", metadata=nothing)
    source = ET.fromstring(buffer.getvalue())
    style = "display:block;width:100%;height:auto;background:none"
    inherited = {"fill": "currentColor", "stroke-linejoin": "round"}  # what the removed style sheet has set
    svg = ET.Element("svg", inherited, role="img", viewBox=source.attrib["viewBox"], style=style)
    ET.SubElement(svg, "title").text = title
    for child in source:
        _append_plain(svg, child)
    return ET.tostring(svg, encoding="unicode")


def _append_plain(parent: ET.Element, element: ET.Element) -> None:
    """Append a copy without namespaces, ids, clipping and fonts, and without groups that do nothing."""
    tag = element.tag.rpartition("}")[2]
    if tag in _DROPPED:
        return
    attributes = {
        name: _plain_value(name, value) for name, value in element.attrib.items() if name not in ("id", "clip-path")
    }
    attributes = {name: value for name, value in attributes.items() if value}
    if tag == "g" and not attributes:
        target = parent
    else:
        target = ET.SubElement(parent, tag, attributes)
        target.text = element.text if element.text and element.text.strip() else None
    for child in element:
        _append_plain(target, child)


def _plain_value(name: str, value: str) -> str:
    """Return an attribute's value in its shortest form."""
    if name == "style":
        value = re.sub(r"font: (?:[a-z]+ )*([\d.]+px)[^;]*", r"font-size: \1", value)
        value = re.sub(r"font-family: [^;]*;? ?", "", value)
        return value.replace("#000000", "currentColor")
    if name == "transform" and value.startswith("rotate(-0 "):
        return ""
    return " ".join(re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}", value).split())
