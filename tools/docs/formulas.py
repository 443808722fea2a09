"""Formulas in LaTeX, as they stand in the pages, into MathML: browsers draw that themselves, without a script."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

AFTER_INLINE = 15
"""Below the priority of Python-Markdown's inline patterns (20), which find the formulas."""

NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
"""In HTML it goes without saying."""


class Formulas(Extension):
    """Turns what pymdownx.arithmatex (generic) has found into MathML."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  # Python-Markdown's name
        """Have every page's tree looked through."""
        md.treeprocessors.register(_IntoMathML(md), "formulas", AFTER_INLINE)


class _IntoMathML(Treeprocessor):
    def run(self, root: Element) -> None:
        for element in list(root.iter()):
            if element.get("class") == "arithmatex":
                formula = (element.text or "").strip()
                element.text = ""
                element.append(mathml(formula[2:-2], display=formula.startswith(r"\[")))


def mathml(formula: str, *, display: bool) -> Element:
    """The element <math> of a formula in LaTeX. Raises ValueError where a command in it is not known."""
    text = convert(formula, display="block" if display else "inline").replace(NAMESPACE, "")
    if "\\" in text:
        raise ValueError(f"the formula {formula!r} has a command that latex2mathml does not know; write it otherwise")
    element = fromstring(text)
    # For whoever listens to the page with a program that knows no MathML, and for whoever copies.
    element.set("alttext", " ".join(formula.split()))
    return element
