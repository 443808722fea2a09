"""Tests that the commands and programs in the README and the documentation work, on smaller pictures."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image, ImageFilter, ImageOps

from barestyle import PRESETS
from barestyle.cli.app import app
from barestyle.feed_forward.painting_record import read_painting_record
from barestyle.images import read
from barestyle.metrics import METRICS
from barestyle.run import record as records
from barestyle.samples import PHOTOS, STYLES
from tests import documents
from tests.cli.conftest import Program
from tests.clips.cases import pan, to_samples, write_clip
from tests.feed_forward.cases import make_style
from tests.slow import slow_except
from tests.test_architecture import ROOMS

ROOT = documents.ROOT
WITH_EXAMPLES = [
    document
    for document in documents.DOCUMENTS
    if any(b.language in ("sh", "python") for b in documents.blocks(document))
]
ONE_SCREEN = 60
"""Maximum number of lines of the README."""


@pytest.fixture
def here(
    tmp_path: Path,
    pictures: Path,
    content_image: Image.Image,
    synthetic_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Return a folder with the files of the examples: pictures, masks, a map, clips, folders, weights, a style."""
    content_image.save(tmp_path / "photo.jpg")
    shutil.copy(pictures / "style.jpg", tmp_path / "painting.jpg")
    shutil.copy(synthetic_weights, tmp_path / "vgg19.safetensors")
    content_image.rotate(180).save(tmp_path / "drawing.jpg")
    for folder, name in (("photos", "photo.jpg"), ("paintings", "painting.jpg")):
        (tmp_path / folder).mkdir()
        shutil.copy(tmp_path / name, tmp_path / folder / name)
    upper = Image.linear_gradient("L").point(lambda value: 255 * (value < 100)).resize(content_image.size)
    edge = upper.filter(ImageFilter.FIND_EDGES)
    masks = (("sky", upper), ("ground", ImageOps.invert(upper)), ("face", upper), ("boundaries", edge))
    for name, mask in masks:
        mask.save(tmp_path / f"{name}.png")
    make_style(names=("sunrise", "waves")).save(tmp_path / "sunrise.style")
    Image.merge("RGB", (upper, Image.new("L", upper.size), ImageOps.invert(upper))).save(tmp_path / "map.png")
    frames = pan(6, 48, 64)
    write_clip(tmp_path / "clip.mp4", frames, sound="aac")
    (tmp_path / "frames").mkdir()
    for number, frame in enumerate(frames):
        Image.fromarray(to_samples(frame)).save(tmp_path / "frames" / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("document", slow_except([documents.ROOT / "README.md"], WITH_EXAMPLES), ids=documents.name)
@pytest.mark.timeout(400)  # a document may run whole studies
def test_examples_of_a_document_run(program: Program, here: Path, document: Path) -> None:
    """Run a document's commands and programs from top to bottom in one folder, with the studies that it declares."""
    for block in documents.blocks(document):
        if block.language == "sh":
            for line in filter(documents.is_tested, documents.lines(block)):
                run(program, here, line)
        elif block.language == "python":
            run_python(block.text, document)
        elif block.language == "yaml" and (study := re.match(r"study: (\S+)\n", block.text)):
            (here / f"{study[1]}.yaml").write_text(block.text, encoding="utf-8")


def run(program: Program, here: Path, line: str) -> None:
    """Run a command line and check its output."""
    if documents.is_pipeline(line):
        run_pipeline(here, line)
        return
    assert line.startswith("barestyle "), f"no test runs {line!r}; add it to tests/documents.py with a reason"
    arguments = documents.shrink(line)
    outcome = program(*arguments)
    assert outcome.code == 0, f"{line}\n{outcome.err}"
    if arguments[0] in ("transfer", "demo") and "-o" in arguments:
        picture = here / arguments[arguments.index("-o") + 1]
        if picture.is_dir():
            picture /= f"{Path(arguments[1]).stem}-{Path(arguments[2]).stem}.png"
        image = read(picture)
        assert max(image.height, image.width) == 48
        assert records.find(picture).spec.size == 48
    if "--save-every" in arguments:
        assert list(here.glob("*-00010.png"))
    if arguments[0] == "rerun":
        assert "bit for bit" in outcome.out
    if arguments[0] == "score":
        assert "ssim" in outcome.out
    if arguments[:2] == ["study", "report"]:
        (page,) = here.glob(f"studies/{Path(arguments[2]).stem}/report/index.html")
        assert "verdict" in page.read_text(encoding="utf-8").lower()


def run_pipeline(here: Path, line: str) -> None:
    """Run a command line with pipes in a shell, and check the picture that it makes."""
    program = f'barestyle() {{ {shlex.quote(sys.executable)} -m barestyle "$@"; }}; set -o pipefail; '
    done = subprocess.run(["bash", "-c", program + documents.shrink_pipeline(line)], capture_output=True, text=True)
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    picture = here / line.split("#")[0].split()[-1]
    if "barestyle apply" in line:
        assert read_painting_record(picture) is not None
    else:
        assert records.find(picture).spec.size == 48


def run_python(text: str, document: Path) -> None:
    """Run a program in a new namespace."""
    for large, small in documents.SMALLER_PYTHON.items():
        text = text.replace(large, small)
    exec(compile(text, documents.name(document), "exec"), {})


def test_every_exception_for_a_command_is_needed() -> None:
    """The tables of tests/documents.py list only commands that some document has."""
    lines = [
        line
        for document in documents.DOCUMENTS
        for block in documents.blocks(document)
        if block.language == "sh"
        for line in documents.lines(block)
    ]
    for start in (*documents.NOT_RUN, *documents.SMALLER):
        assert any(line.startswith(start) for line in lines), start
    programs = [
        b.text for document in documents.DOCUMENTS for b in documents.blocks(document) if b.language == "python"
    ]
    for large in documents.SMALLER_PYTHON:
        assert any(large in text for text in programs), large


@pytest.mark.parametrize("document", [*documents.DOCUMENTS, ROOT / "CONTRIBUTING.md"], ids=documents.name)
def test_commands_in_sentences_exist(document: Path) -> None:
    """The commands exist and have the options that the sentences name."""
    for line in documents.inline_commands(document):
        command, *rest = shlex.split(line)
        target = typer.main.get_command(app)
        options = {option for parameter in target.params for option in parameter.opts} | {"--help"}
        while rest and rest[0] in getattr(target, "commands", {}):
            target = target.commands[rest.pop(0)]  # type: ignore[attr-defined]
            options |= {option for parameter in target.params for option in parameter.opts}
        assert command == "barestyle"
        assert not hasattr(target, "commands") or not rest or rest[0].startswith("-") or rest[0].isupper(), line
        assert {word for word in rest if re.fullmatch(r"--?[a-z-]+", word)} <= options, line


@pytest.mark.parametrize(
    "document", [*documents.DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=documents.name
)
def test_links_have_a_target_in_the_repository(document: Path) -> None:
    """tests/test_docs.py checks the links of the site."""
    for target in documents.links(document):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", [*documents.DOCUMENTS, ROOT / "CONTRIBUTING.md"], ids=documents.name)
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    mentioned = set(re.findall(r"`make ([a-z0-9]+)", text)) | set(re.findall(r"^make ([a-z0-9]+)", text, re.MULTILINE))
    assert mentioned <= targets


def test_the_structure_page_lists_every_folder_once_in_import_order() -> None:
    text = (ROOT / "docs" / "structure.md").read_text(encoding="utf-8")
    assert re.findall(r"^  (\w+)(?:/|\.py) ", text, re.MULTILINE) == ROOMS


def test_the_readme_fits_on_one_screen() -> None:
    assert len(documents.README.read_text(encoding="utf-8").splitlines()) <= ONE_SCREEN


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("guide/presets.md", tuple(PRESETS)),
        ("quick-start.md", (*PHOTOS, *STYLES)),
        ("guide/measure.md", tuple(METRICS)),
    ],
)
def test_a_page_lists_every_name(page: str, names: tuple[str, ...]) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in text] == []
