"""Unit tests of the tools that build the documentation; tests/test_docs.py tests the whole site."""

from __future__ import annotations

import pytest

pytest.importorskip("mkdocs", reason="mkdocs is an extra (docs)")

from tools.docs.diagrams import parse, show_drawings
from tools.docs.formulas import to_mathml
from tools.docs.links import find_targets, repository_path, rewrite_links, site_path
from tools.docs.prose import escape


def test_a_formula_becomes_a_fraction() -> None:
    element = to_mathml(r"\frac{a}{b + 1}", display=True)
    assert element.tag == "math"
    assert element.get("display") == "block"
    (fraction,) = element.iter("mfrac")
    above, below = fraction
    assert "".join(above.itertext()) == "a"
    assert "".join(below.itertext()) == "b+1"


def test_an_unknown_command_in_a_formula_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"nonsense.*does not know"):
        to_mathml(r"\nonsense{x}", display=False)


@pytest.mark.parametrize(
    ("uri", "link", "there"),
    [
        ("guide/strength.md", "../quality.md", "../quality.md"),
        ("guide/strength.md", "presets.md#individual-settings", "presets.md#individual-settings"),
        ("guide/style-loss.md", "../../benchmarks/clip.py", "../repository/benchmarks/clip.py.md"),
        ("quality.md", "../benchmarks/quality-256.json", "repository/benchmarks/quality-256.json"),
        ("structure.md", "../CONTRIBUTING.md", "contributing.md"),
        ("contributing.md", "docs/decisions/README.md", "decisions/README.md"),
        ("paper.md", "https://example.org/a.md", "https://example.org/a.md"),
        ("paper.md", "#here", "#here"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(uri: str, link: str, there: str) -> None:
    assert rewrite_links(f"so [it]({link}) is", uri) == f"so [it]({there}) is"


def test_code_is_not_searched_for_links() -> None:
    text = "```python\nf[0](../../x)\n```\n"
    assert rewrite_links(text, "guide/python.md") == text
    assert list(find_targets(text, "docs/guide/python.md")) == []


@pytest.mark.parametrize("path", ["docs/index.md", "docs/guide/files.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_a_page_of_the_site_maps_back_to_its_file(path: str) -> None:
    assert repository_path(site_path(path)) == path


def test_docstrings_are_escaped_except_code() -> None:
    assert escape("`zero_mean` of a_b, [x] and *y* for $HOME <z>") == (
        r"`zero_mean` of a\_b, \[x] and \*y\* for \$HOME \<z>"
    )


def test_a_diagram_becomes_an_image() -> None:
    source = "flowchart TD\n    accTitle: Two boxes\n    %% drawing: pictures/boxes.svg\n    a --> b\n"
    page = f"Before.\n\n```mermaid\n{source}```\n\nAfter.\n"
    assert show_drawings(page) == "Before.\n\n![Two boxes](pictures/boxes.svg)\n\nAfter.\n"
    assert parse(source).digest != parse(source + "\n").digest


def test_a_diagram_without_a_drawing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"needs the lines.*flowchart TD"):
        parse("flowchart TD\n    accTitle: Two boxes\n    a --> b\n")
