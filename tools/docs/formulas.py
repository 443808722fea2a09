"""Convert LaTeX formulas of the pages to MathML, which browsers render without a script."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

AFTER_INLINE = 15
"""Priority below that of Python-Markdown's inline patterns (20), which parse the formulas."""

NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
"""HTML does not need the namespace."""


class Formulas(Extension):
    """Markdown extension that converts the output of pymdownx.arithmatex (generic) to MathML."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  # Python-Markdown's name
        """Register the processor for every page's tree."""
        md.treeprocessors.register(_ToMathML(md), "formulas", AFTER_INLINE)


class _ToMathML(Treeprocessor):
    def run(self, root: Element) -> None:
        for element in list(root.iter()):
            if element.get("class") == "arithmatex":
                formula = (element.text or "").strip()
                element.text = ""
                element.append(to_mathml(formula[2:-2], display=formula.startswith(r"\[")))


def to_mathml(formula: str, *, display: bool) -> Element:
    """Return a LaTeX formula as a <math> element. Raise ValueError if it has an unknown command."""
    text = convert(formula, display="block" if display else "inline").replace(NAMESPACE, "")
    if "\\" in text:
        raise ValueError(f"the formula {formula!r} has a command that latex2mathml does not know; write it otherwise")
    element = fromstring(text)
    # For screen readers without MathML, and for copying.
    element.set("alttext", " ".join(formula.split()))
    return element
