"""Mermaid diagrams of the pages. GitHub renders them; the site shows drawings of them, as it has to work offline.

`python -m tools.docs.diagrams` redraws them, in Chromium and with the Mermaid that comes with gradio.
"""

from __future__ import annotations

import functools
import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"

FENCE = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DRAWING = re.compile(r"^ *%% drawing: (\S+)$", re.MULTILINE)
TITLE = re.compile(r"^ *accTitle: (.+)$", re.MULTILINE)

CONFIG = {
    "startOnLoad": False,
    "theme": "neutral",
    "fontFamily": "sans-serif",
    "htmlLabels": False,
    "themeVariables": {"edgeLabelBackground": "#ffffff"},
    "themeCSS": "& {background-color: white;} .edgeLabel rect {fill: white; opacity: 1;}",
    "flowchart": {"htmlLabels": False, "wrappingWidth": 400},
}
"""Labels are SVG text, because an SVG file that a page shows as an image must not contain HTML."""

RENDER = """async ([url, config, source]) => {
    const mermaid = Object.values(await import(url)).find(value => value?.initialize && value?.render);
    mermaid.initialize(config);
    return (await mermaid.render("diagram", source)).svg;
}"""


class Diagram(NamedTuple):
    """The Mermaid source of a diagram, its title, and its drawing's path relative to the page."""

    source: str
    title: str
    drawing: str

    @property
    def digest(self) -> str:
        """Return the hash of the source that the drawing has in a comment."""
        return hashlib.sha256(self.source.encode()).hexdigest()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


def parse(source: str) -> Diagram:
    """Return the diagram of a Mermaid source. Raise ValueError if it names no title or no drawing."""
    title, drawing = TITLE.search(source), DRAWING.search(source)
    if title is None or drawing is None:
        raise ValueError(f"a diagram needs the lines 'accTitle: TITLE' and '%% drawing: FILE.svg': {source[:80]!r}")
    return Diagram(source, title[1], drawing[1])


def show_drawings(markdown: str) -> str:
    """Return a page's text with images in place of Mermaid sources."""

    def image(fence: re.Match[str]) -> str:
        diagram = parse(fence[1])
        return f"![{diagram.title}]({diagram.drawing})"

    return FENCE.sub(image, markdown)


def find_diagrams() -> Iterator[tuple[Path, Diagram]]:
    """Yield every page that has diagrams, with each of them."""
    for page in sorted(DOCS.rglob("*.md")):
        for source in FENCE.findall(page.read_text(encoding="utf-8")):
            yield page, parse(source)


def draw(diagrams: list[Diagram], chromium: str = "/usr/bin/chromium") -> list[str]:
    """Return the SVG text of each diagram. Needs gradio, playwright and Chromium."""
    import gradio
    from playwright.sync_api import sync_playwright

    assets = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
    module = next(assets.glob("mermaid.core-*.js")).name
    # A browser loads modules over HTTP only.
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(assets)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/{module}"
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(url)
        page.set_content("<p></p>")
        drawings = [str(page.evaluate(RENDER, [url, CONFIG, diagram.source])) for diagram in diagrams]
        browser.close()
    server.shutdown()
    return [
        f"<!-- sha256 of its Mermaid source: {diagram.digest} -->\n{drawing}\n"
        for diagram, drawing in zip(diagrams, drawings, strict=True)
    ]


if __name__ == "__main__":
    pages, diagrams = zip(*find_diagrams(), strict=True)
    for page, diagram, drawing in zip(pages, diagrams, draw(list(diagrams)), strict=True):
        (page.parent / diagram.drawing).write_text(drawing, encoding="utf-8")
        print(page.parent / diagram.drawing)
