"""What MkDocs asks at its events (mkdocs.yml, `hooks`): the site is made of the pages as they lie in the repository."""

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
from tools.docs.formulas import Formulas
from tools.docs.links import add_from_outside, relinked

COMMANDS = re.compile(r'<div class="language-sh .*?</div>', re.DOTALL)
OPTION = re.compile(r"(?<=[\s>])--?[a-z][\w-]*")

REPORT = "paper-study/index.html"
"""The study's report, a page by itself. mkdocs.yml excludes it, as the README beside it becomes the folder's index."""

GENERATED: dict[str, Callable[[], str]] = {
    "<!-- the commands -->": command_line.reference,
    "<!-- the fields -->": settings.reference,
}
"""What stands in place of these marks; on GitHub, the page says how to ask the program for it."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the formulas, and every decision to the navigation."""
    config.markdown_extensions.append(Formulas())  # type: ignore[arg-type]  # by a name it would have to be installed
    folder = Path(config.docs_dir)
    _section(config.nav, "Decisions").extend(
        file.relative_to(folder).as_posix() for file in sorted((folder / "decisions").glob("[0-9]*.md"))
    )
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give the study's report another name, and bring in what lies outside docs."""
    report = File.generated(
        config, REPORT, abs_src_path=str(Path(config.docs_dir) / REPORT), inclusion=InclusionLevel.INCLUDED
    )
    report.dest_uri = REPORT.replace("index", "report")
    files.append(report)
    add_from_outside(files, config)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what is generated, and lead links to where the site has their targets."""
    del config, files  # MkDocs names them
    text = relinked(markdown, page.file.src_uri)
    for mark, make in GENERATED.items():
        text = text.replace(mark, make()) if mark in text else text
    return text


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mark what docs/assets/extra.css needs to break long commands well: their ends, and their options."""
    del page, config, files  # MkDocs names them

    def marked(block: re.Match[str]) -> str:
        text = OPTION.sub(r'<span class="option">\g<0></span>', block[0])
        return text.replace("\n</span>", '<span class="end">\n</span></span>')

    return COMMANDS.sub(marked, html)


def _section(nav: Any, title: str) -> list[Any]:
    """The list below a title, somewhere in the navigation. Raises LookupError where there is none."""
    for entry in nav if isinstance(nav, list) else []:
        for name, below in entry.items() if isinstance(entry, dict) else ():
            if name == title and isinstance(below, list):
                return below
            try:
                return _section(below, title)
            except LookupError:
                continue
    raise LookupError(f"mkdocs.yml has no section {title!r} in its nav")
