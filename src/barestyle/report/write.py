"""Writing a report: one page that opens from disk, a PNG sheet for each figure and pair, and the numbers as CSV."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from PIL import Image

from barestyle.atomic_files import write_atomically, write_error
from barestyle.report.contact_sheet import Captioned, sheet
from barestyle.report.csv_export import cells_csv
from barestyle.report.page_data import contents, first_row, short, table_of
from barestyle.study.declaration import Figure, Pair
from barestyle.study.store import Store
from barestyle.study.table import Table


def write(store: Store, folder: Path) -> list[Path]:
    """Write index.html, cells.csv and the sheets into a folder, which is made; returns the files in that order.

    Raises OutputError.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["raw"] = Markup
    template = environment.from_string((files("barestyle.report") / "page.html").read_text(encoding="utf-8"))
    written = [_put(folder / "index.html", template.render(contents(store)).encode())]
    table = table_of(store)
    written.append(_put(folder / "cells.csv", cells_csv(table).encode()))
    for figure in table.study.figures:
        for pair in table.study.pairs:
            name = f"figure-{figure.figure}-{short(pair.content)}-{short(pair.style)}.png"
            buffer = io.BytesIO()
            _sheet(figure, pair, store, table).save(buffer, "PNG", optimize=True)
            written.append(_put(folder / name, buffer.getvalue()))
    return written


def _sheet(figure: Figure, pair: Pair, store: Store, table: Table) -> Image.Image:
    inputs = [Captioned(store.input(source), short(source)) for source in (pair.content, pair.style)]
    groups = [("content and style", inputs)]
    for optimizer in table.study.optimizers:
        panels = []
        for panel in figure.panels:
            row = first_row(panel, optimizer, pair, table)
            caption = f"({panel.letter}) {panel.label}" if panel.letter else panel.label
            panels.append(Captioned(None if row is None else store.picture(row), caption))
        groups.append((optimizer.label, panels))
    sizes = [_size(one.file) for _, group in groups for one in group if one.file is not None]
    cell = max((width for width, _ in sizes), default=128), max((height for _, height in sizes), default=96)
    return sheet(f"Figure {figure.figure}: {figure.title}", groups, cell)


def _size(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def _put(path: Path, data: bytes) -> Path:
    """Write a file completely or not at all, in a folder that is created if needed, and return its path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from None
    write_atomically(path, data)
    return path
