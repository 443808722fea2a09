"""The report of a small study: its content, and that a browser opens it without errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from barestyle.errors import OutputError
from barestyle.report import write_report
from barestyle.study.archive import export_study
from barestyle.study.declaration import Study
from barestyle.study.override import override
from barestyle.study.resolve import ResolvedStudy, declare, resolve_study
from barestyle.study.store import Store
from tests.browser import open_file
from tests.study.conftest import RunHere, folder_of, run_here, small, store, study_file

__all__ = ["run_here", "small", "store", "study_file"]


def test_the_report_of_a_finished_study(store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path) -> None:
    run_here(small, store)
    report = write_report(store, tmp_path / "report")
    text = report.page.read_text(encoding="utf-8")
    shown = re.findall(r'<img src="(images/[^"]+)"', text)
    assert len(shown) == 2 + 3, "content, style, and each variant with the first seed"
    assert all((tmp_path / "report" / name).is_file() for name in shown)
    assert len(report.images) == 2 + 6, "every cell has its image"
    assert [path.name for path in report.tables] == ["cells.csv", "cells.parquet"]
    plots = {path.name for path in report.plots}
    assert plots == {f"{name}.{kind}" for name in ("claims", "figure-one") for kind in ("svg", "png")}
    for variant in small.study.variants:
        assert variant.label in text
    assert [path.name for path in report.sheets] == ["figure-one-content-style.png"]
    records = json.loads(re.search(r'id="records">(.*?)</script>', text, re.DOTALL).group(1))  # type: ignore[union-attr]
    specs = json.loads(re.search(r'id="specs">(.*?)</script>', text, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert set(records) == {cell.key for cell in small.cells}
    for cell in small.cells:
        assert specs[records[cell.key]["digest"]] == cell.spec.model_dump(mode="json")
    for key in re.findall(r'data-cell="(\w+)"', text):
        assert key in records, "every panel has its record"
    assert not re.search(r'(src|href)="https?://', text), "the page needs no network"


def test_the_report_of_a_study_that_is_not_finished(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    before = write_report(store, tmp_path / "report").page.read_text(encoding="utf-8")
    assert before.count("not finished") >= 3
    assert "6 waiting" in before
    run_here(small, store, small.cells[:2])
    assert write_report(store, tmp_path / "report").page.read_text(encoding="utf-8") != before


def test_the_same_store_gives_the_same_files(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store)
    first, second = (write_report(Store(tmp_path / "store"), tmp_path / name) for name in ("a", "b"))
    for one, two in zip(first.files, second.files, strict=True):
        assert (one.name, one.read_bytes()) == (two.name, two.read_bytes())


def test_an_image_that_the_store_does_not_have_is_named_as_such(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store)
    for result in store.read_results():
        store.write_result(result, None)
    for image in (folder_of(store) / "inputs").iterdir():
        image.unlink()
    text = write_report(store, tmp_path / "report").page.read_text(encoding="utf-8")
    assert text.count("not stored") == 2 + 3
    assert "<img src" not in text


def test_a_folder_that_cannot_be_written_is_refused(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        write_report(store, tmp_path / "file" / "report")


def test_a_report_loads_no_torch(store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path) -> None:
    run_here(small, store)
    code = (
        "import sys; from pathlib import Path; from barestyle.study.store import Store\n"
        "from barestyle.report import write_report\n"
        "write_report(Store(sys.argv[1]), Path(sys.argv[2])); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "store"), str(tmp_path / "report")], check=True)


def test_a_private_pair_has_numbers_and_no_images(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store)
    public = write_report(store, tmp_path / "report")
    others = [tmp_path / "report" / name for name in ("images/holiday.jpg", "figure-1.png")]
    for file in others:
        file.write_bytes(b"mine")
    pairs = (small.study.pairs[0].model_copy(update={"private": True}),)
    declare(replace(small, study=small.study.model_copy(update={"pairs": pairs})), store)
    report = write_report(store, tmp_path / "report")
    assert (report.images, report.sheets) == ((), ())
    assert not any(file.exists() for file in (*public.images, *public.sheets)), "those of the earlier report are gone"
    assert all(file.read_bytes() == b"mine" for file in others), "other files are kept"
    assert "<img src" not in report.page.read_text(encoding="utf-8")
    assert len(report.tables[0].read_text().splitlines()) == 1 + len(small.cells)
    export_study(store, tmp_path / "small.tar.xz")
    with tarfile.open(tmp_path / "small.tar.xz") as archive:
        assert {Path(name).suffix for name in archive.getnames()} == {".json"}


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_browser_opens_the_page_without_errors(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path, width: int, scheme: Any
) -> None:
    """A click on a panel shows its record, the list changes the pair, and the slider zooms every image."""
    two_pairs = override(small.study, pairs=[*pair_names(small.study), ("photo:coffee", "style:swirls")])
    resolved = resolve_study(two_pairs, weights=None)
    declare(resolved, store)
    run_here(resolved, store)
    with open_file(write_report(store, tmp_path / "report").page) as page:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert page.title() == "A small study"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is cut at the side"
        page.wait_for_function("[...document.querySelectorAll('section:not([hidden]) img')].every((i) => i.complete)")
        widths = page.eval_on_selector_all("section:not([hidden]) img", "images => images.map(i => i.naturalWidth)")
        assert len(widths) == 5
        assert min(widths) > 0, "every image is complete"
        key = page.get_attribute("button[data-cell]", "data-cell")
        page.click("button[data-cell]")
        (result,) = (result for result in store.read_results() if result.cell.key == key)
        record = json.loads(page.inner_text("dialog pre"))
        assert record["digest"] == result.cell.spec.digest
        assert record["spec"] == result.cell.spec.model_dump(mode="json")
        page.click("dialog button")
        page.fill("input[type=range]", "3")
        image = page.locator("section:not([hidden]) img").first
        assert image.evaluate("image => getComputedStyle(image).transform").startswith("matrix(3,")
        assert page.locator("section:not([hidden]) h3").inner_text() == "content in the style of style"
        page.select_option("select", "1")
        assert page.locator("section:not([hidden]) h3").inner_text() == "coffee in the style of swirls"


def pair_names(study: Study) -> list[tuple[str, str]]:
    return [(pair.content, pair.style) for pair in study.pairs]
