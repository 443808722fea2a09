"""Writing a report: a page that opens without a network, a contact sheet for each figure and pair, and a CSV file."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from PIL import Image

from barestyle.atomic_files import write_atomically, write_error
from barestyle.report.contact_sheet import CaptionedImage, draw_sheet
from barestyle.report.csv_export import format_csv
from barestyle.report.page_data import display_name, page_data
from barestyle.study.declaration import Figure, Pair
from barestyle.study.load_table import load_table
from barestyle.study.store import Store
from barestyle.study.table import Table

DEFAULT_CELL_SIZE = 128, 96
"""Width and height of an image on a contact sheet without any image."""


def write_report(store: Store, folder: Path) -> list[Path]:
    """Write index.html, cells.csv and the contact sheets into a folder; return the files in that order.

    The folder is created if needed. Raises OutputError.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["raw"] = Markup
    template = environment.from_string((files("barestyle.report") / "page.html").read_text(encoding="utf-8"))
    written = [_write_file(folder / "index.html", template.render(page_data(store)).encode())]
    table = load_table(store)
    written.append(_write_file(folder / "cells.csv", format_csv(table).encode()))
    for figure in table.study.figures:
        for pair in table.study.pairs:
            name = f"figure-{figure.figure}-{display_name(pair.content)}-{display_name(pair.style)}.png"
            buffer = io.BytesIO()
            _draw_figure(figure, pair, store, table).save(buffer, "PNG", optimize=True)
            written.append(_write_file(folder / name, buffer.getvalue()))
    return written


def _draw_figure(figure: Figure, pair: Pair, store: Store, table: Table) -> Image.Image:
    """Return the contact sheet of a figure on one pair."""
    inputs = [CaptionedImage(store.read_input(source), display_name(source)) for source in (pair.content, pair.style)]
    groups = [("content and style", inputs)]
    for optimizer in table.study.optimizers:
        images = []
        for panel in figure.panels:
            result = table.find_first(panel, optimizer.name, (pair.content, pair.style))
            caption = f"({panel.letter}) {panel.label}" if panel.letter else panel.label
            images.append(CaptionedImage(None if result is None else store.read_image(result), caption))
        groups.append((optimizer.label, images))
    sizes = [_read_size(image.image) for _, group in groups for image in group if image.image is not None]
    cell_size = (
        max((width for width, _ in sizes), default=DEFAULT_CELL_SIZE[0]),
        max((height for _, height in sizes), default=DEFAULT_CELL_SIZE[1]),
    )
    return draw_sheet(f"Figure {figure.figure}: {figure.title}", groups, cell_size)


def _read_size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def _write_file(path: Path, data: bytes) -> Path:
    """Write a file completely or not at all, in a folder that is created if needed, and return its path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from None
    write_atomically(path, data)
    return path
