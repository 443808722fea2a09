"""What the README tells people to type works as it stands, on smaller pictures."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from barestyle import PRESETS, records
from barestyle.samples import PHOTOS, STYLES
from tests.cli.conftest import Program

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^barestyle .+$", README, re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
FEWER_STEPS = ("--steps", "1")


@pytest.fixture
def here(
    tmp_path: Path,
    pictures: Path,
    content_image: Image.Image,
    synthetic_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder as the README's reader has it: photo.jpg, painting.jpg, vgg19.safetensors."""
    content_image.save(tmp_path / "photo.jpg")
    shutil.copy(pictures / "style.jpg", tmp_path / "painting.jpg")
    shutil.copy(synthetic_weights, tmp_path / "vgg19.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", [line for line in COMMANDS if " transfer " in line])
def test_its_transfers(program: Program, here: Path, command: str) -> None:
    arguments = shlex.split(command)[1:]
    shorter = () if "--save-every" in arguments else FEWER_STEPS
    smaller = ("--size", "48")  # the last of an option given twice counts
    outcome = program(*arguments, *shorter, *smaller)
    assert outcome.code == 0, outcome.err
    with Image.open(here / arguments[arguments.index("-o") + 1]) as image:
        assert max(image.size) == 48


def test_its_repetition_and_score(program: Program, here: Path) -> None:
    repetition, score = (line for line in COMMANDS if " out.png" in line and " transfer " not in line)
    assert program("transfer", "photo.jpg", "painting.jpg", "-o", "out.png", *FEWER_STEPS).code == 0
    assert "bit for bit" in program(*shlex.split(repetition)[1:]).out
    outcome = program(*shlex.split(score)[1:])
    assert outcome.code == 0, outcome.err
    assert "ms-ssim" in outcome.out


def test_its_other_commands(program: Program, here: Path) -> None:
    rest = [line for line in COMMANDS if " transfer " not in line and " out.png" not in line]
    assert rest
    for command in rest:
        assert program(*shlex.split(command)[1:]).code == 0


def test_its_python(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    block, module = PYTHON
    smaller = block.replace('"size": 256', '"size": 48, "optimiser.steps": 2')
    assert smaller != block
    exec(compile(smaller, "README.md", "exec"), {})
    assert records.find(here / "out.png").spec == PRESETS["bare"].spec
    assert capsys.readouterr().out
    names: dict[str, Any] = {"images": torch.rand(2, 3, 48, 48)}
    exec(compile(module, "README.md", "exec"), names)
    assert float(names["loss"]) > 0


def test_it_names_every_preset_photograph_and_style() -> None:
    for name in (*PRESETS, *PHOTOS, *STYLES):
        assert f"`{name}`" in README


def test_its_links_lead_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (document.parent / target).exists(), f"{target} in {document.name}"


def test_its_make_targets_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for text in (README, (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        assert set(re.findall(r"make ([a-z]+)(?:`| )", text)) - {"a"} <= set(targets)


def test_its_study(program: Program, here: Path) -> None:
    """The file that the README shows, run small: it is a study, and its claim gets a verdict."""
    (text,) = re.findall(r"^```yaml\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
    (here / "magnitudes.yaml").write_text(text)
    outcome = program("study", "run", "magnitudes.yaml", "--size", "32", "--steps", "1", "--seeds", "0", "--quiet")
    assert outcome.code == 0, outcome.err
    assert program("study", "report", "magnitudes.yaml").code == 0
    page = (here / "studies" / "magnitudes" / "report" / "index.html").read_text(encoding="utf-8")
    assert "Smaller signs are no worse" in page
