"""The notebook for newcomers runs from top to bottom, in a folder of its own, and shows what it speaks of."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from barestyle import preset
from barestyle.run import record as records

nbclient = pytest.importorskip("nbclient", reason="nbclient and ipykernel, which run notebooks, are extras")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel", reason="nbclient and ipykernel, which run notebooks, are extras")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "first_steps.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def cells(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The cells by their ids, after all of them have run in `folder` by this Python, whatever kernels there are."""
    jupyter = tmp_path_factory.mktemp("jupyter")
    kernel = jupyter / "kernels" / "this" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    # One thread, as the tests themselves have.
    kernel.write_text(json.dumps({"argv": argv, "display_name": "this", "env": {"OMP_NUM_THREADS": "1"}}))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    before = saved_elsewhere()
    with pytest.MonkeyPatch.context() as patch:
        for place in ("JUPYTER_PATH", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
            patch.setenv(place, str(jupyter))
        where = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(notebook, kernel_name="this", resources=where, timeout=100).execute()
    assert saved_elsewhere() == before
    return {cell["id"]: cell for cell in notebook.cells}


def saved_elsewhere() -> dict[Path, int]:
    """Pictures, with their times, that lie where the notebook does and where the tests run."""
    return {path: path.stat().st_mtime_ns for place in (NOTEBOOK.parent, Path.cwd()) for path in place.glob("*.png*")}


def output(cell: Any, kind: str) -> str:
    """What a cell gave as its value, in one of the kinds that a notebook shows."""
    (found,) = [one["data"][kind] for one in cell["outputs"] if kind in one.get("data", {})]
    return str(found)


def printed(cell: Any) -> str:
    return "".join(one["text"] for one in cell["outputs"] if one["output_type"] == "stream")


def test_every_cell_runs_and_none_complains(cells: dict[str, Any]) -> None:
    code = [cell for cell in cells.values() if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for one in cell["outputs"]:
            assert one["output_type"] != "error"
            assert one.get("name") != "stderr", one["text"]


@pytest.mark.parametrize("name", ["transfer", "strength"])
def test_a_result_shows_its_picture_and_its_curve(cells: dict[str, Any], name: str) -> None:
    html = output(cells[name], "text/html")
    assert '<img src="data:image/jpeg;base64,' in html
    assert "<title>Loss at " in html
    assert ("content_loss.strength" in html) == (name == "strength")


def test_pictures_show_themselves_side_by_side(cells: dict[str, Any]) -> None:
    for name in ("imports", "seeds"):
        assert output(cells[name], "image/png")


def test_progress_goes_to_its_end(cells: dict[str, Any]) -> None:
    lines = printed(cells["transfer"]).splitlines()
    shares = [int(re.fullmatch(r" *(\d+)%  loss 0\.\d{4}", line).group(1)) for line in lines]  # type: ignore[union-attr]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 100)


def test_the_results_are_nearer_to_the_style_as_it_says(cells: dict[str, Any]) -> None:
    losses = {
        name: float(value) for name, value in re.findall(r"^(\w+) +([\d.]+)$", printed(cells["style-loss"]), re.M)
    }
    assert list(losses) == ["photograph", "result", "wilder"]
    assert losses["wilder"] < losses["result"] < 0.5 * losses["photograph"]
    assert output(cells["gradient"], "text/plain") == "torch.Size([1, 3, 85, 128])"


def test_what_it_saves_lies_where_it_runs_with_its_record(cells: dict[str, Any], folder: Path) -> None:
    assert output(cells["save"], "text/plain") == "True"
    assert sorted(path.name for path in folder.rglob("*")) == ["first.png", "first.png.json"]
    record = records.find(folder / "first.png")
    assert record.spec == preset("bare-fast").spec.model_copy(update={"size": 128})
    with Image.open(folder / "first.png") as image:
        assert image.size == (record.width, record.height) == (128, 85)


def test_the_committed_file_has_no_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    for cell in notebook.cells:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert NOTEBOOK.read_text(encoding="utf-8") == nbformat.writes(notebook) + "\n"
