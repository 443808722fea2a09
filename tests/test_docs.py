"""Tests of the documentation: the site builds without warnings, works offline, and covers the whole program."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer
from tools.docs.diagrams import find_diagrams

import barestyle
from barestyle import PRESETS
from barestyle.cli.app import app
from barestyle.cli.presets import list_fields
from tests import documents
from tests.browser import open_file
from tests.slow import slow_except

ROOT = documents.ROOT

IN_A_BROWSER = (
    "index",
    "quick-start",
    "gallery",
    "guide/presets",
    "how-it-works",
    "reference/command-line",
    "structure",
)
PHONE = {"width": 390, "height": 844}

LOADS = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("object", "data")}
"""Tags and attributes whose targets a browser loads with the page."""

REPORT = "paper-study/report.html"
"""A page of 6 MB with its pictures inside it, made by barestyle.report; tests/report tests such pages."""


@dataclass
class Page:
    """A page's anchors, link targets, loaded files, and the text below each heading or term."""

    anchors: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collect a Page. Text belongs to the last heading or term with an anchor before it."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._section = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if anchor := attributes.get("id"):
            self.page.anchors.add(anchor)
            if tag in ("h1", "h2", "h3", "h4", "dt"):
                self._section = anchor
        for name, value in attributes.items():
            if (tag, name) in LOADS and attributes.get("rel") not in ("prev", "next", "canonical"):
                self.page.loads.add(value)
            elif tag == "a" and name == "href":
                self.page.links.add(value)

    def handle_data(self, data: str) -> None:
        self.page.texts[self._section] = self.page.texts.get(self._section, "") + data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does. Skip if MkDocs is not installed."""
    pytest.importorskip("mkdocs", reason="mkdocs is an extra (docs)")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Return every page by its path in the site."""
    parsed = {}
    for file in sorted(site.rglob("*.html")):
        path = file.relative_to(site).as_posix()
        if path != REPORT:
            reader = _Reader()
            reader.feed(file.read_text(encoding="utf-8"))
            parsed[path] = reader.page
    return parsed


def test_every_link_has_a_target_in_the_site(site: Path, pages: dict[str, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme or path == "404.html":  # 404.html can appear at any address, so its links begin with /
                continue
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path))) if parts.path else path
            )
            anchors = pages[target].anchors if target in pages else set()
            if not (site / target).is_file() or (parts.fragment and unquote(parts.fragment) not in anchors):
                dead.append(f"{path}: {link}")
    assert dead == []


def test_no_page_loads_anything_from_the_network(pages: dict[str, Page]) -> None:
    assert [load for page in pages.values() for load in page.loads if urlsplit(load).scheme not in ("", "data")] == []


def test_every_document_is_a_page(pages: dict[str, Page]) -> None:
    for document in (ROOT / "docs").rglob("*.md"):
        path = document.relative_to(ROOT / "docs").as_posix().replace("README.md", "index.md")
        assert path.replace(".md", ".html") in pages
    assert {"changelog.html", "contributing.html"} <= set(pages)


@pytest.mark.parametrize("name", slow_except(["index"], IN_A_BROWSER))
def test_a_browser_shows_the_page_offline(site: Path, name: str) -> None:
    """`open_file` fails on errors and network requests. On a phone, the page must not scroll sideways."""
    with open_file(site / f"{name}.html") as page:
        assert page.locator("article h1").count() == 1
        assert all(page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth > 0)"))
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.slow
def test_copying_a_command_ignores_its_line_breaks_on_screen(site: Path) -> None:
    document = ROOT / "docs" / "guide" / "presets.md"
    written = [block.text.strip() for block in documents.blocks(document) if block.language == "sh"]
    with open_file(site / "guide" / "presets.html") as page:
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.locator(".language-sh code").evaluate_all("all => all.map(one => one.innerText.trim())") == written


@pytest.mark.slow
def test_every_formula_is_rendered(site: Path) -> None:
    """The page has as many formulas as its source, each at least as high as a line, and no LaTeX."""
    source = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    displayed = source.count("$$") // 2
    inline = len(re.findall(r"(?<![$\\])\$[^$\n]+\$(?!\$)", source))
    assert displayed > 5
    with open_file(site / "how-it-works.html") as page:
        for display, number, height in (("block", displayed, 15), ("inline", inline, 5)):
            heights = page.evaluate(
                f"[...document.querySelectorAll('math[display={display}]')].map(m => m.getBoundingClientRect().height)"
            )
            assert len(heights) == number
            assert min(heights) > height
        assert not re.search(r"[$\\]", page.locator("article").inner_text().replace("$BARESTYLE", ""))


@pytest.mark.slow
def test_search_works_from_disk(site: Path) -> None:
    with open_file(site / "index.html") as page:
        page.locator(".md-search__input").focus()
        page.get_by_text("Type to start searching").wait_for()  # the field does nothing before the index is loaded
        page.locator(".md-search__input").press_sequentially("whitened")
        page.locator(".md-search-result__link").first.wait_for()
        results = page.locator(".md-search-result__link").evaluate_all("links => links.map(link => link.href)")
    assert any("how-it-works.html" in link for link in results)


@pytest.mark.slow
def test_the_dark_theme_is_dark_and_the_light_one_light(site: Path) -> None:
    colors = []
    for scheme in ("light", "dark"):
        with open_file(site / "index.html") as page:
            page.emulate_media(color_scheme=scheme)
            page.reload()
            colors.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = (sum(map(int, re.findall(r"\d+", color)[:3])) for color in colors)
    assert dark < 200 < 600 < light


def test_the_reference_has_the_whole_command_line(pages: dict[str, Page]) -> None:
    """It has every command, argument and option, with its names, help and default."""
    page = pages["reference/command-line.html"]
    number = 0
    for name, command in commands(typer.main.get_command(app), "barestyle"):
        section = name.replace(" ", "-")
        assert plain(command.help) in plain(page.texts[section])
        for parameter in command.params:
            if not getattr(parameter, "hidden", False):
                entry = page.texts[f"{section}--{max(parameter.opts, key=len).lstrip('-')}"]
                if parameter.param_type_name == "option":
                    assert all(option in entry for option in parameter.opts)
                if parameter.metavar:
                    assert parameter.metavar in entry
                assert plain(parameter.help) in plain(entry)
                if parameter.show_default and parameter.default not in (None, False):
                    assert str(parameter.default) in entry
                number += 1
    assert number > 100


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield a command and its subcommands with their full names."""
    yield name, command
    for subname, subcommand in getattr(command, "commands", {}).items():
        yield from commands(subcommand, f"{name} {subname}")


def plain(text: str | None) -> str:
    """Return a text without line breaks and backticks."""
    return " ".join((text or "").replace("`", "").split())


def test_the_reference_has_every_field_of_every_preset(pages: dict[str, Page]) -> None:
    """It gives the same names and allowed values as `barestyle presets NAME`."""
    text = plain(" ".join(pages["reference/settings.html"].texts.values()))
    for preset in PRESETS.values():
        for name, _, allowed in list_fields(preset.spec):
            assert re.search(rf"{re.escape(name)} Takes {re.escape(allowed)}\.", text), name


def test_the_reference_has_every_public_name(pages: dict[str, Page]) -> None:
    anchors = pages["reference/python.html"].anchors
    for name in set(barestyle.__all__) - {"__version__"}:
        assert f"barestyle.{barestyle._MODULES[name]}.{name}" in anchors


@pytest.mark.parametrize("page", ["structure"])
def test_diagrams_are_shown_as_current_drawings(pages: dict[str, Page], page: str) -> None:
    """Each drawing has the hash of its Mermaid source; `python -m tools.docs.diagrams` updates it."""
    diagrams = [diagram for file, diagram in find_diagrams() if file.stem == page]
    assert diagrams
    for diagram in diagrams:
        assert diagram.digest in (ROOT / "docs" / diagram.drawing).read_text(encoding="utf-8")
        assert diagram.drawing in pages[f"{page}.html"].loads
