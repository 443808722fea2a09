"""The introductory notebook runs from top to bottom in an empty folder, and its cells show results."""

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
    """Run the notebook in `folder` with this Python, without other kernels; return its cells by id."""
    jupyter = tmp_path_factory.mktemp("jupyter")
    kernel = jupyter / "kernels" / "this" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    # One thread, as in the tests.
    kernel.write_text(json.dumps({"argv": argv, "display_name": "this", "env": {"OMP_NUM_THREADS": "1"}}))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    before = list_images()
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("JUPYTER_PATH", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
            patch.setenv(variable, str(jupyter))
        resources = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(notebook, kernel_name="this", resources=resources, timeout=100).execute()
    assert list_images() == before
    return {cell["id"]: cell for cell in notebook.cells}


def list_images() -> dict[Path, int]:
    """Return images, with their times, in the notebook's folder and in the working folder."""
    return {
        path: path.stat().st_mtime_ns for location in (NOTEBOOK.parent, Path.cwd()) for path in location.glob("*.png*")
    }


def get_output(cell: Any, kind: str) -> str:
    """Return a cell's value as a MIME type."""
    (value,) = [item["data"][kind] for item in cell["outputs"] if kind in item.get("data", {})]
    return str(value)


def get_text(cell: Any) -> str:
    return "".join(item["text"] for item in cell["outputs"] if item["output_type"] == "stream")


@pytest.mark.slow
def test_every_cell_runs_without_warnings(cells: dict[str, Any]) -> None:
    code = [cell for cell in cells.values() if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for item in cell["outputs"]:
            assert item["output_type"] != "error"
            assert item.get("name") != "stderr", item["text"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["transfer", "strength"])
def test_a_result_shows_its_image_and_loss_curve(cells: dict[str, Any], name: str) -> None:
    html = get_output(cells[name], "text/html")
    assert '<img src="data:image/jpeg;base64,' in html
    assert "<title>Loss at " in html
    assert ("content_loss.strength" in html) == (name == "strength")


@pytest.mark.slow
def test_images_are_shown_side_by_side(cells: dict[str, Any]) -> None:
    for name in ("imports", "seeds"):
        assert get_output(cells[name], "image/png")


@pytest.mark.slow
def test_progress_reaches_100_percent(cells: dict[str, Any]) -> None:
    lines = get_text(cells["transfer"]).splitlines()
    shares = [int(re.fullmatch(r" *(\d+)%  loss \d\.\d{4}", line).group(1)) for line in lines]  # type: ignore[union-attr]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 100)


@pytest.mark.slow
def test_the_style_losses_are_ordered_as_the_text_says(cells: dict[str, Any]) -> None:
    losses = {
        name: float(value) for name, value in re.findall(r"^(\w+) +([\d.]+)$", get_text(cells["style-loss"]), re.M)
    }
    assert list(losses) == ["photograph", "result", "wilder"]
    assert losses["wilder"] < losses["result"] < 0.5 * losses["photograph"]
    assert get_output(cells["gradient"], "text/plain") == "torch.Size([1, 3, 85, 128])"


@pytest.mark.slow
def test_files_are_saved_in_the_working_folder(cells: dict[str, Any], folder: Path) -> None:
    assert get_output(cells["save"], "text/plain") == "True"
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
