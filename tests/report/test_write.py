"""The report of a small study: what stands in it, from what it is made, and that a browser opens it."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from barestyle.report import write
from barestyle.report.contact_sheet import Captioned, sheet
from barestyle.report.page_data import contents
from barestyle.study.resolve import Prepared
from barestyle.study.storage import open_store
from barestyle.study.store import Store
from barestyle.study.work import work
from tests.browser import open_file
from tests.study.conftest import small, store, study_file

__all__ = ["small", "store", "study_file"]


def test_a_finished_study(store: Store, small: Prepared, tmp_path: Path) -> None:
    work(store)
    page, _, *sheets = write(store, tmp_path / "report")
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == 2 + 3, "content, style, and each variant with the first seed"
    for variant in small.study.variants():
        assert variant.label in text
    assert [path.name for path in sheets] == ["figure-one-content-style.png"]
    records = json.loads(re.search(r'id="records">(.*?)</script>', text, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert set(records) == {cell.key for cell in small.cells}
    for cell in small.cells:
        assert records[cell.key]["spec"] == cell.spec.model_dump(mode="json")
    for cell in re.findall(r'data-cell="(\w+)"', text):
        assert cell in records, "every panel links to its record"
    assert not re.search(r'(src|href)="https?://', text), "it needs no network"


def test_a_study_that_has_not_begun_and_one_half_done(store: Store, tmp_path: Path) -> None:
    text = write(store, tmp_path / "report")[0].read_text(encoding="utf-8")
    assert text.count("not there yet") >= 3
    assert "6 waiting" in text
    asked = iter([False] * 5)
    work(store, should_stop=lambda: next(asked, True))
    assert write(store, tmp_path / "report")[0].read_text(encoding="utf-8") != text


def test_the_same_store_gives_the_same_page(store: Store, tmp_path: Path) -> None:
    work(store)
    one, other = (write(open_store("small", tmp_path / "store"), tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_the_numbers_are_the_rows(store: Store, small: Prepared, tmp_path: Path) -> None:
    work(store)
    file = write(store, tmp_path / "report")[1]
    with file.open(newline="", encoding="utf-8") as lines:
        found = {line["cell"]: line for line in csv.DictReader(lines)}
    assert set(found) == {cell.key for cell in small.cells}
    for cell in small.cells:
        assert found[cell.key]["variants"].split() == list(cell.names)
        assert found[cell.key]["seed"] == str(cell.seed)
    for row in store.rows():
        assert float(found[row.cell]["patches"]) == pytest.approx(row.scores["patches"], rel=1e-5)


def test_the_tables_are_the_rows(store: Store) -> None:
    work(store)
    shown = contents(store)
    line = next(line for line in shown["figures"][0].lines if line.label == "4 channels")
    rows = [
        row
        for row in store.rows()
        if row.digest
        == store.declaration.spec(store.declaration.figures[0].panels[0], store.declaration.optimizers[0]).digest
    ]
    mean = sum(row.scores["ssim"] for row in rows) / len(rows)
    assert line.cells[list(shown["metrics"]).index("ssim")] == f"{mean:.3g}"
    assert line.number == len(rows) == 2


def test_building_it_loads_no_torch(store: Store, tmp_path: Path) -> None:
    work(store)
    code = (
        "import sys; from pathlib import Path; from barestyle.study.storage import open_store\n"
        "from barestyle.report import write\n"
        "write(open_store('small', Path(sys.argv[1])), Path(sys.argv[2])); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "store"), str(tmp_path / "report")], check=True)


def test_a_browser_opens_it_without_errors(store: Store, tmp_path: Path) -> None:
    """A click on a panel shows its record."""
    work(store)
    with open_file(write(store, tmp_path / "report")[0]) as page:
        assert page.title() == "A small study"
        widths = page.eval_on_selector_all("figure img", "images => images.map(image => image.naturalWidth)")
        assert len(widths) == 5
        assert min(widths) > 0, "every picture is one"
        cell = page.get_attribute("a[data-cell]", "data-cell")
        page.click("a[data-cell]")
        assert page.is_visible("dialog")
        assert json.loads(page.inner_text("dialog pre"))["digest"] in {
            row.digest for row in store.rows() if row.cell == cell
        }


def test_a_sheet_is_laid_out_in_rows(tmp_path: Path) -> None:
    red, blue = (Image.new("RGB", (40, 30), color) for color in ("#ff0000", "#0000ff"))
    red.save(tmp_path / "red.png")
    blue.save(tmp_path / "blue.png")
    pictures = [
        Captioned(tmp_path / "red.png", "one"),
        Captioned(tmp_path / "blue.png", "two"),
        Captioned(None, "three"),
    ]
    found = sheet("Title", [("group", pictures)], (40, 30)).convert("RGB")
    columns = {x for x in range(found.width) for y in range(found.height) if found.getpixel((x, y)) == (255, 0, 0)}
    others = {x for x in range(found.width) for y in range(found.height) if found.getpixel((x, y)) == (0, 0, 255)}
    assert (len(columns), len(others)) == (40, 40)
    assert max(columns) < min(others)
