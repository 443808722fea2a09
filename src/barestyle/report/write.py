"""Writing a report: a page that works from disk, its images and plots, contact sheets, and the numbers as tables."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from PIL import Image

from barestyle.atomic_files import write_atomically, write_error
from barestyle.plots.svg import to_svg
from barestyle.report.contact_sheet import CaptionedImage, draw_sheet
from barestyle.report.csv_export import format_csv
from barestyle.report.page_data import ImageFiles, display_name, page_data
from barestyle.report.parquet_export import can_write_parquet, format_parquet
from barestyle.report.plots import deviation_plot, dot_plot, forest_plot
from barestyle.study.claims import load_claims
from barestyle.study.declaration import Figure, Pair
from barestyle.study.load_table import load_table
from barestyle.study.store import Store
from barestyle.study.table import Table
from barestyle.study.verdicts import judge

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Plot

DEFAULT_CELL_SIZE = 128, 96
"""Width and height of an image on a contact sheet without any image."""

JPEG_QUALITY = 88

PNG_RESOLUTION = 144
"""Dots per inch of the plots as PNG; they are 900 / 72 inches wide."""

IMAGE_NAME = re.compile(r"([0-9a-f]{20}|input-\d+)\.jpg")
"""Names of a report's images. No other file of the folder is removed, as it is not the report's."""

SHEET_PAIRS = 4
"""Contact sheets show so many pairs, the first ones."""


@dataclass(frozen=True)
class WrittenReport:
    """The files of a report: its page, its tables, its plots, its contact sheets, and the images of the page."""

    page: Path
    tables: tuple[Path, ...]
    plots: tuple[Path, ...]
    sheets: tuple[Path, ...]
    images: tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """All files."""
        return (self.page, *self.tables, *self.plots, *self.sheets, *self.images)


def write_report(store: Store, folder: Path) -> WrittenReport:
    """Write index.html, tables, plots, contact sheets and images into a folder, which is created if needed.

    Images of private pairs are left out. Raises OutputError.
    """
    table = load_table(store)
    verdicts = judge(load_claims(table.study.claims), table)
    images, image_files = _write_images(store, table, folder)
    plots = draw_plots(table, forest_plot(verdicts))
    svgs = {name: to_svg(plot, title) for name, (plot, title) in plots.items()}
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["raw"] = Markup
    template = environment.from_string((files("barestyle.report") / "page.html").read_text(encoding="utf-8"))
    page = template.render(page_data(table, store.declaration, verdicts, images, svgs))
    tables = [_write_file(folder / "cells.csv", format_csv(table).encode())]
    if can_write_parquet():
        tables.append(_write_file(folder / "cells.parquet", format_parquet(table)))
    return WrittenReport(
        page=_write_file(folder / "index.html", page.encode()),
        tables=tuple(tables),
        plots=tuple(_write_plots({name: plot for name, (plot, _) in plots.items()}, folder / "plots")),
        sheets=tuple(_write_sheets(store, table, folder)),
        images=tuple(image_files),
    )


def draw_plots(table: Table, claims: Plot) -> dict[str, tuple[Plot, str]]:
    """Return every plot of a report and its title, by name."""
    plots = {"claims": (claims, "Effect, interval and verdict of every claim")}
    if (deviations := deviation_plot(table)) is not None:
        plots["deviations"] = deviations, "Distance to the style over the standard deviation of the weights"
    for figure in table.study.figures:
        title = f"Distance to the style of every variant of figure {figure.figure}, on every pair"
        plots[f"figure-{figure.figure}"] = dot_plot(figure, table), title
    return plots


def _write_plots(plots: dict[str, Plot], folder: Path) -> list[Path]:
    written = []
    for name, plot in plots.items():
        for extension in ("svg", "png"):
            buffer = io.BytesIO()
            metadata = {"Date": None} if extension == "svg" else {"Software": None}
            with rc_context({"svg.hashsalt": name}):  # the same ids every time
                plot.savefig(buffer, format=extension, facecolor="white", dpi=PNG_RESOLUTION, metadata=metadata)
            written.append(_write_file(folder / f"{name}.{extension}", buffer.getvalue()))
    return written


def _write_images(store: Store, table: Table, folder: Path) -> tuple[ImageFiles, list[Path]]:
    """Write the images of all cells and inputs of pairs that are not private, as JPEG."""
    pairs = [pair for pair in table.study.pairs if not pair.private]
    inputs = {name: store.read_input(name) for pair in pairs for name in (pair.content, pair.style)}
    shown = {(pair.content, pair.style) for pair in pairs}
    cells = {r.cell.key: r for r in table.results if (r.cell.content, r.cell.style) in shown and r.state == "done"}
    written: list[Path] = []

    def write(name: str, data: bytes | None) -> str | None:
        if data is None:
            return None
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(data)) as image:
            image.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
        written.append(_write_file(folder / "images" / f"{name}.jpg", buffer.getvalue()))
        return f"images/{name}.jpg"

    cell_files = {key: write(key, store.read_image(result)) for key, result in cells.items()}
    input_files = {name: write(f"input-{i}", data) for i, (name, data) in enumerate(inputs.items())}
    found_images = (file for file in (folder / "images").glob("*.jpg") if IMAGE_NAME.fullmatch(file.name))
    _remove_stale(found_images, written)
    found = [{name: file for name, file in each.items() if file} for each in (cell_files, input_files)]
    return ImageFiles(*found), written


def _write_sheets(store: Store, table: Table, folder: Path) -> list[Path]:
    pairs = [pair for pair in table.study.pairs if not pair.private][:SHEET_PAIRS]
    written: list[Path] = []
    for figure in table.study.figures:
        for pair in pairs:
            path = _sheet_path(folder, figure, pair)
            if path in written:  # pictures of the same name from two folders
                path = path.with_stem(f"{path.stem}-{table.study.pairs.index(pair) + 1}")
            buffer = io.BytesIO()
            _draw_figure(figure, pair, store, table).save(buffer, "PNG", optimize=True)
            written.append(_write_file(path, buffer.getvalue()))
    private = [pair for pair in table.study.pairs if pair.private]
    _remove_stale((_sheet_path(folder, figure, pair) for figure in table.study.figures for pair in private), written)
    return written


def _sheet_path(folder: Path, figure: Figure, pair: Pair) -> Path:
    return folder / f"figure-{figure.figure}-{display_name(pair.content)}-{display_name(pair.style)}.png"


def _remove_stale(files: Iterable[Path], written: Iterable[Path]) -> None:
    """Remove files of an earlier report that were not written again, such as those of a pair that is private now."""
    for file in set(files) - set(written):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(file, error) from None


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
