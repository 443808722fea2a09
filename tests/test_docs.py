"""The documentation as a site: it builds without a warning, leads nowhere else, and says what the program has."""

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

import barestyle
from barestyle import PRESETS
from barestyle.cli.app import app
from barestyle.cli.presets import fields
from tests import documents
from tests.browser import opened

ROOT = documents.ROOT

IN_A_BROWSER = ("index", "quick-start", "gallery", "guide/presets", "how-it-works", "reference/command-line")
PHONE = {"width": 390, "height": 844}

LOADS = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("object", "data")}
"""Tags and attributes by which a browser fetches something without being asked to."""

REPORT = "paper-study/report.html"
"""A page of barestyle's report with its pictures inside it, of 6 MB; tests/report looks into such ones."""


@dataclass
class Page:
    """What is in a page: places that can be linked to, what links to, and the text below each heading or term."""

    anchors: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects a Page; the text after a heading or a term with an anchor belongs to it, until the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._under = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if anchor := given.get("id"):
            self.page.anchors.add(anchor)
            if tag in ("h1", "h2", "h3", "h4", "dt"):
                self._under = anchor
        for name, value in given.items():
            if (tag, name) in LOADS and given.get("rel") not in ("prev", "next", "canonical"):
                self.page.loads.add(value)
            elif tag == "a" and name == "href":
                self.page.links.add(value)

    def handle_data(self, data: str) -> None:
        self.page.texts[self._under] = self.page.texts.get(self._under, "") + data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does it, where there is MkDocs."""
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
    """Every page by its path in the site."""
    found = {}
    for file in sorted(site.rglob("*.html")):
        path = file.relative_to(site).as_posix()
        if path != REPORT:
            reader = _Reader()
            reader.feed(file.read_text(encoding="utf-8"))
            found[path] = reader.page
    return found


def test_every_link_leads_to_a_place_in_the_site(site: Path, pages: dict[str, Page]) -> None:
    lost = []
    for path, page in pages.items():
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme or path == "404.html":  # the latter may stand for any address, so its links begin with /
                continue
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path))) if parts.path else path
            )
            anchors = pages[target].anchors if target in pages else set()
            if not (site / target).is_file() or (parts.fragment and unquote(parts.fragment) not in anchors):
                lost.append(f"{path}: {link}")
    assert lost == []


def test_no_page_names_anything_outside_to_be_fetched(pages: dict[str, Page]) -> None:
    assert [load for page in pages.values() for load in page.loads if urlsplit(load).scheme not in ("", "data")] == []


def test_every_document_is_a_page(pages: dict[str, Page]) -> None:
    for document in (ROOT / "docs").rglob("*.md"):
        path = document.relative_to(ROOT / "docs").as_posix().replace("README.md", "index.md")
        assert path.replace(".md", ".html") in pages
    assert {"changelog.html", "contributing.html"} <= set(pages)


@pytest.mark.parametrize("name", IN_A_BROWSER)
def test_a_browser_shows_it_and_asks_nobody(site: Path, name: str) -> None:
    """Without an error or a request beyond the files, which `opened` watches; on a phone without a scroll bar."""
    with opened(site / f"{name}.html") as page:
        assert page.locator("article h1").count() == 1
        assert all(page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth > 0)"))
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_commands_are_copied_as_they_were_written(site: Path) -> None:
    """However they are broken on the screen."""
    document = ROOT / "docs" / "guide" / "presets.md"
    written = [block.text.strip() for block in documents.blocks(document) if block.language == "sh"]
    with opened(site / "guide" / "presets.html") as page:
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.locator(".language-sh code").evaluate_all("all => all.map(one => one.innerText.trim())") == written


def test_formulas_are_drawn(site: Path) -> None:
    """As many as the source has, each as high as a formula is, and none as LaTeX."""
    source = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    displayed = source.count("$$") // 2
    inline = len(re.findall(r"(?<![$\\])\$[^$\n]+\$(?!\$)", source))
    assert displayed > 5
    with opened(site / "how-it-works.html") as page:
        for display, number, height in (("block", displayed, 15), ("inline", inline, 5)):
            heights = page.evaluate(
                f"[...document.querySelectorAll('math[display={display}]')].map(m => m.getBoundingClientRect().height)"
            )
            assert len(heights) == number
            assert min(heights) > height
        assert not re.search(r"[$\\]", page.locator("article").inner_text().replace("$BARESTYLE", ""))


def test_the_search_finds_from_disk(site: Path) -> None:
    with opened(site / "index.html") as page:
        page.locator(".md-search__input").focus()
        page.get_by_text("Type to start searching").wait_for()  # until the index is read, nobody listens
        page.locator(".md-search__input").press_sequentially("whitened")
        page.locator(".md-search-result__link").first.wait_for()
        found = page.locator(".md-search-result__link").evaluate_all("links => links.map(link => link.href)")
    assert any("how-it-works.html" in link for link in found)


def test_light_and_dark_differ(site: Path) -> None:
    colors = []
    for scheme in ("light", "dark"):
        with opened(site / "index.html") as page:
            page.emulate_media(color_scheme=scheme)
            page.reload()
            colors.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = (sum(map(int, re.findall(r"\d+", color)[:3])) for color in colors)
    assert dark < 200 < 600 < light


def test_the_command_line_is_all_there(pages: dict[str, Page]) -> None:
    """Every command, argument and option of the program, with its names, its help and its default."""
    page = pages["reference/command-line.html"]
    number = 0
    for name, command in commands(typer.main.get_command(app), "barestyle"):
        section = name.replace(" ", "-")
        assert plain(command.help) in plain(page.texts[section])
        for parameter in command.params:
            if not getattr(parameter, "hidden", False):
                said = page.texts[f"{section}--{max(parameter.opts, key=len).lstrip('-')}"]
                if parameter.param_type_name == "option":
                    assert all(option in said for option in parameter.opts)
                if parameter.metavar:
                    assert parameter.metavar in said
                assert plain(parameter.help) in plain(said)
                if parameter.show_default and parameter.default not in (None, False):
                    assert str(parameter.default) in said
                number += 1
    assert number > 100


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and all below it, by their full names."""
    yield name, command
    for below, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{name} {below}")


def plain(text: str | None) -> str:
    """Words without line breaks and without the backticks that become code."""
    return " ".join((text or "").replace("`", "").split())


def test_every_field_of_every_preset_is_in_the_reference(pages: dict[str, Page]) -> None:
    """By the names, and with what it takes, that `barestyle presets NAME` shows."""
    text = plain(" ".join(pages["reference/settings.html"].texts.values()))
    for preset in PRESETS.values():
        for name, _, allowed in fields(preset.spec):
            assert re.search(rf"{re.escape(name)} Takes {re.escape(allowed)}\.", text), name


def test_every_public_name_is_in_the_reference(pages: dict[str, Page]) -> None:
    anchors = pages["reference/python.html"].anchors
    for name in set(barestyle.__all__) - {"__version__"}:
        assert f"barestyle.{barestyle._HOMES[name]}.{name}" in anchors
