"""What README and documentation tell people to type works as it stands, on smaller pictures."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import typer
from PIL import Image, ImageOps

from barestyle import PRESETS
from barestyle.cli.app import app
from barestyle.metrics import METRICS
from barestyle.run import record as records
from barestyle.samples import PHOTOS, STYLES
from tests import documents
from tests.cli.conftest import Program
from tests.test_architecture import ROOMS

ROOT = documents.ROOT
WITH_EXAMPLES = [
    document
    for document in documents.DOCUMENTS
    if any(b.language in ("sh", "python") for b in documents.blocks(document))
]
ONE_SCREEN = 60
"""Lines of the README, at most."""


@pytest.fixture
def here(
    tmp_path: Path,
    pictures: Path,
    content_image: Image.Image,
    synthetic_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder as the reader has it: photo.jpg, two styles, masks, folders of both kinds, and vgg19.safetensors."""
    content_image.save(tmp_path / "photo.jpg")
    shutil.copy(pictures / "style.jpg", tmp_path / "painting.jpg")
    shutil.copy(synthetic_weights, tmp_path / "vgg19.safetensors")
    content_image.rotate(180).save(tmp_path / "drawing.jpg")
    for folder, name in (("photos", "photo.jpg"), ("paintings", "painting.jpg")):
        (tmp_path / folder).mkdir()
        shutil.copy(tmp_path / name, tmp_path / folder / name)
    upper = Image.linear_gradient("L").point(lambda value: 255 * (value < 100)).resize(content_image.size)
    for name, mask in (("sky", upper), ("ground", ImageOps.invert(upper)), ("face", upper)):
        mask.save(tmp_path / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("document", WITH_EXAMPLES, ids=documents.name)
def test_its_examples(program: Program, here: Path, document: Path) -> None:
    """From top to bottom in one folder: commands, programs, and the studies that it declares."""
    for block in documents.blocks(document):
        if block.language == "sh":
            for line in filter(documents.is_run, documents.lines(block)):
                run(program, here, line)
        elif block.language == "python":
            run_python(block.text, document)
        elif block.language == "yaml" and (named := re.match(r"study: (\S+)\n", block.text)):
            (here / f"{named[1]}.yaml").write_text(block.text, encoding="utf-8")


def run(program: Program, here: Path, line: str) -> None:
    """A command line; what it says that it makes is there."""
    assert line.startswith("barestyle "), f"no test runs {line!r}; add it to tests/documents.py with a reason"
    arguments = documents.quicker(line)
    outcome = program(*arguments)
    assert outcome.code == 0, f"{line}\n{outcome.err}"
    if arguments[0] in ("transfer", "demo") and "-o" in arguments:
        picture = here / arguments[arguments.index("-o") + 1]
        with Image.open(picture) as image:
            assert max(image.size) == 48
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


def run_python(text: str, document: Path) -> None:
    """A program, with nothing from the one before it."""
    for large, small in documents.SMALLER_PYTHON.items():
        text = text.replace(large, small)
    exec(compile(text, documents.name(document), "exec"), {})


def test_what_is_left_out_or_made_smaller_is_still_there() -> None:
    """The tables name nothing that no document says any more."""
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
def test_commands_in_its_sentences_exist(document: Path) -> None:
    """With the options that it says they have."""
    for line in documents.inline_commands(document):
        command, *rest = shlex.split(line)
        known = typer.main.get_command(app)
        options = {option for parameter in known.params for option in parameter.opts} | {"--help"}
        while rest and rest[0] in getattr(known, "commands", {}):
            known = known.commands[rest.pop(0)]  # type: ignore[attr-defined]
            options |= {option for parameter in known.params for option in parameter.opts}
        assert command == "barestyle"
        assert not hasattr(known, "commands") or not rest or rest[0].startswith("-") or rest[0].isupper(), line
        assert {word for word in rest if re.fullmatch(r"--?[a-z-]+", word)} <= options, line


@pytest.mark.parametrize(
    "document", [*documents.DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=documents.name
)
def test_its_links_lead_somewhere(document: Path) -> None:
    """In the repository, as GitHub follows them; those of the site are in tests/test_docs.py."""
    for target in documents.links(document):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", [*documents.DOCUMENTS, ROOT / "CONTRIBUTING.md"], ids=documents.name)
def test_its_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    said = set(re.findall(r"`make ([a-z]+)", text)) | set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE))
    assert said <= targets


def test_what_is_where_names_every_room() -> None:
    """Once each, in the order of the floors that the architecture's test holds."""
    text = (ROOT / "docs" / "structure.md").read_text(encoding="utf-8")
    assert re.findall(r"^  (\w+)(?:/|\.py) ", text, re.MULTILINE) == ROOMS


def test_the_readme_is_one_screen() -> None:
    assert len(documents.README.read_text(encoding="utf-8").splitlines()) <= ONE_SCREEN


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("guide/presets.md", tuple(PRESETS)),
        ("quick-start.md", (*PHOTOS, *STYLES)),
        ("guide/measure.md", tuple(METRICS)),
    ],
)
def test_a_page_names_everything_there_is(page: str, names: tuple[str, ...]) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in text] == []
