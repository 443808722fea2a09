"""MkDocs hooks (mkdocs.yml, `hooks`): build the site from the pages as they are in the repository."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parents[2]))  # MkDocs loads this file by its path, not as a part of tools

from tools.docs import command_line, settings
from tools.docs.diagrams import show_drawings
from tools.docs.formulas import Formulas
from tools.docs.links import add_outside_files, rewrite_links

COMMANDS = re.compile(r'<div class="language-sh .*?</div>', re.DOTALL)
OPTION = re.compile(r"(?<=[\s>])--?[a-z][\w-]*")

REPORT = "paper-study/index.html"
"""The study's report, a complete web page. mkdocs.yml excludes it, because README.md becomes the folder's index."""

GENERATED: dict[str, Callable[[], str]] = {
    "<!-- the commands -->": command_line.make_reference,
    "<!-- the fields -->": settings.make_reference,
}
"""Marks in pages, and the functions that generate the text that replaces them."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the formulas, and every decision to the navigation."""
    config.markdown_extensions.append(Formulas())  # type: ignore[arg-type]  # by a name it would have to be installed
    folder = Path(config.docs_dir)
    _section(config.nav, "Decisions").extend(
        file.relative_to(folder).as_posix() for file in sorted((folder / "decisions").glob("[0-9]*.md"))
    )
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Rename the study's report, and add files from outside docs."""
    report = File.generated(
        config, REPORT, abs_src_path=str(Path(config.docs_dir) / REPORT), inclusion=InclusionLevel.INCLUDED
    )
    report.dest_uri = REPORT.replace("index", "report")
    files.append(report)
    add_outside_files(files, config)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace diagrams by drawings, insert generated text, and rewrite links to targets in the site."""
    del config, files  # MkDocs names them
    text = show_drawings(rewrite_links(markdown, page.file.src_uri))
    for mark, make in GENERATED.items():
        text = text.replace(mark, make()) if mark in text else text
    return text


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mark the ends and the options of commands, where docs/assets/extra.css may break long lines."""
    del page, config, files  # MkDocs names them

    def mark(block: re.Match[str]) -> str:
        text = OPTION.sub(r'<span class="option">\g<0></span>', block[0])
        return text.replace("\n</span>", '<span class="end">\n</span></span>')

    return COMMANDS.sub(mark, html)


def _section(nav: Any, title: str) -> list[Any]:
    """Return the list below a title of the navigation. Raise LookupError if it has no such title."""
    for entry in nav if isinstance(nav, list) else []:
        for name, below in entry.items() if isinstance(entry, dict) else ():
            if name == title and isinstance(below, list):
                return below
            try:
                return _section(below, title)
            except LookupError:
                continue
    raise LookupError(f"mkdocs.yml has no section {title!r} in its nav")
