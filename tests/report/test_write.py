"""The report of a small study: its content, and that a browser opens it without errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from barestyle.errors import OutputError
from barestyle.report import write_report
from barestyle.study.resolve import ResolvedStudy
from barestyle.study.store import Store
from tests.browser import open_file
from tests.study.conftest import RunHere, folder_of, run_here, small, store, study_file

__all__ = ["run_here", "small", "store", "study_file"]


def test_the_report_of_a_finished_study(store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path) -> None:
    run_here(small, store)
    page, _, *sheets = write_report(store, tmp_path / "report")
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == 2 + 3, "content, style, and each variant with the first seed"
    for variant in small.study.variants:
        assert variant.label in text
    assert [path.name for path in sheets] == ["figure-one-content-style.png"]
    records = json.loads(re.search(r'id="records">(.*?)</script>', text, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert set(records) == {cell.key for cell in small.cells}
    for cell in small.cells:
        assert records[cell.key]["spec"] == cell.spec.model_dump(mode="json")
    for key in re.findall(r'data-cell="(\w+)"', text):
        assert key in records, "every panel has its record"
    assert not re.search(r'(src|href)="https?://', text), "the page needs no network"


def test_the_report_of_a_study_that_is_not_finished(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    before = write_report(store, tmp_path / "report")[0].read_text(encoding="utf-8")
    assert before.count("not finished") >= 3
    assert "6 waiting" in before
    run_here(small, store, small.cells[:2])
    assert write_report(store, tmp_path / "report")[0].read_text(encoding="utf-8") != before


def test_the_same_store_gives_the_same_files(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store)
    first, second = (write_report(Store(tmp_path / "store"), tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_an_image_that_the_store_does_not_have_is_named_as_such(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store)
    for result in store.read_results():
        store.write_result(result, None)
    for image in (folder_of(store) / "inputs").iterdir():
        image.unlink()
    text = write_report(store, tmp_path / "report")[0].read_text(encoding="utf-8")
    assert text.count("not stored") == 2 + 3
    assert "data:image" not in text


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


@pytest.mark.slow
def test_a_browser_opens_the_page_without_errors(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    """A click on a panel shows its record."""
    run_here(small, store)
    with open_file(write_report(store, tmp_path / "report")[0]) as page:
        assert page.title() == "A small study"
        widths = page.eval_on_selector_all("figure img", "images => images.map(image => image.naturalWidth)")
        assert len(widths) == 5
        assert min(widths) > 0, "every image is complete"
        key = page.get_attribute("a[data-cell]", "data-cell")
        page.click("a[data-cell]")
        assert page.is_visible("dialog")
        (result,) = (result for result in store.read_results() if result.cell.key == key)
        assert json.loads(page.inner_text("dialog pre"))["digest"] == result.cell.spec.digest
