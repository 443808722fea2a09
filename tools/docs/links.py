"""Links as they are in the repository, where GitHub follows them, into links of the site.

Pages may link to files outside docs; those come into the site with them.
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
"""Files of the repository's root that are pages of the site; its README says less than the site's first page."""

AS_THEY_ARE = {".json", ".csv", ".yaml", ".png", ".jpg"}
"""Files that a browser shows or keeps; of others a page is made, with their text."""

LINK = re.compile(r"(\]\()([^)\s#:]+)(?=[)#])")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def in_site(path: str) -> str:
    """Where a file of the repository, like docs/index.md, lies among the site's sources."""
    if path.startswith(f"{DOCS}/"):
        return path.removeprefix(f"{DOCS}/")
    if path in PAGES:
        return PAGES[path]
    return f"repository/{path}" if Path(path).suffix in AS_THEY_ARE else f"repository/{path}.md"


def in_repository(uri: str) -> str:
    """The inverse of `in_site` for pages: where a page's source lies in the repository."""
    outside = {site: path for path, site in PAGES.items() if path != "README.md"}
    return outside.get(uri) or f"{DOCS}/{uri}"


def targets(text: str, source: str) -> Iterator[str]:
    """Files of the repository that a page's text links to; `source` is the page's own place in it."""
    for match in LINK.finditer(FENCE.sub("", text)):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))


def relinked(text: str, uri: str) -> str:
    """A page's text with links to other files as they are in the site."""
    source = in_repository(uri)

    def moved(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        return match[1] + posixpath.relpath(in_site(target), posixpath.dirname(uri) or ".")

    parts = zip(FENCE.split(text), [*FENCE.findall(text), ""], strict=True)
    return "".join(LINK.sub(moved, prose) + fence for prose, fence in parts)


def add_from_outside(files: Files, config: MkDocsConfig) -> None:
    """Add the files outside docs that are pages, and those that pages link to."""
    for path in PAGES:
        if files.get_file_from_path(in_site(path)) is None:
            _add(path, files, config)
    for page in list(files.documentation_pages()):
        for path in targets(page.content_string, in_repository(page.src_uri)):
            if files.get_file_from_path(in_site(path)) is None and (ROOT / path).is_file():
                _add(path, files, config)


def _add(path: str, files: Files, config: MkDocsConfig) -> None:
    uri, source = in_site(path), ROOT / path
    if path in PAGES or not uri.endswith(".md"):
        files.append(File.generated(config, uri, abs_src_path=str(source)))
        return
    text = source.read_text(encoding="utf-8")
    files.append(File.generated(config, uri, content=f"# {path}\n\n```{_language(source)}\n{text}```\n"))


def _language(file: Path) -> str:
    return {".py": "python", ".sh": "sh", ".toml": "toml", ".yaml": "yaml"}.get(file.suffix, "text")
