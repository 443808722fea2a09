"""Rewrite links of the repository, as GitHub follows them, into links of the site.

Pages may link to files outside docs; these files are added to the site.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
DOCS = "docs"

PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Pages of the site from the repository's root. docs/index.md replaces the README."""

BROWSER_TYPES = {".json", ".csv", ".yaml", ".png", ".jpg"}
"""Files that a browser can display or download. Other files become pages with their text."""

LINK = re.compile(r"(\]\()([^)\s#:]+)(?=[)#])")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def site_path(path: str) -> str:
    """Return the path of a repository file, such as docs/index.md, among the site's sources."""
    if path.startswith(f"{DOCS}/"):
        return path.removeprefix(f"{DOCS}/")
    if path in PAGES:
        return PAGES[path]
    return f"repository/{path}" if Path(path).suffix in BROWSER_TYPES else f"repository/{path}.md"


def repository_path(uri: str) -> str:
    """Return the path of a page's source in the repository: the inverse of `site_path`."""
    outside = {site: path for path, site in PAGES.items() if path != "README.md"}
    return outside.get(uri) or f"{DOCS}/{uri}"


def find_targets(text: str, source: str) -> Iterator[str]:
    """Yield the repository files that a page's text links to; `source` is the page's path."""
    for match in LINK.finditer(FENCE.sub("", text)):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))


def rewrite_links(text: str, uri: str) -> str:
    """Return a page's text with links to the site's files."""
    source = repository_path(uri)

    def rewrite(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        return match[1] + posixpath.relpath(site_path(target), posixpath.dirname(uri) or ".")

    parts = zip(FENCE.split(text), [*FENCE.findall(text), ""], strict=True)
    return "".join(LINK.sub(rewrite, prose) + fence for prose, fence in parts)


def add_outside_files(files: Files, config: MkDocsConfig) -> None:
    """Add files outside docs that are pages, or that pages link to."""
    for path in PAGES:
        if files.get_file_from_path(site_path(path)) is None:
            _add(path, files, config)
    for page in list(files.documentation_pages()):
        for path in find_targets(page.content_string, repository_path(page.src_uri)):
            if files.get_file_from_path(site_path(path)) is None and (ROOT / path).is_file():
                _add(path, files, config)


def _add(path: str, files: Files, config: MkDocsConfig) -> None:
    uri, source = site_path(path), ROOT / path
    if path in PAGES or not uri.endswith(".md"):
        files.append(File.generated(config, uri, abs_src_path=str(source)))
        return
    text = source.read_text(encoding="utf-8")
    files.append(File.generated(config, uri, content=f"# {path}\n\n```{_language(source)}\n{text}```\n"))


def _language(file: Path) -> str:
    return {".py": "python", ".sh": "sh", ".toml": "toml", ".yaml": "yaml"}.get(file.suffix, "text")
