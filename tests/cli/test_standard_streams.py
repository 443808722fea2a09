"""`-` as a file name: pictures through pipes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from barestyle.cli.standard_streams import STANDARD_STREAM, StandardInput, write_standard_output
from barestyle.errors import ImageError, OutputError
from barestyle.run import record as records
from tests.cli.conftest import QUICK, Program

Feed = Callable[[bytes], io.BytesIO]


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    """Return a function that gives the program its standard input, and returns what it writes to standard output."""

    def start(data: bytes) -> io.BytesIO:
        output = io.BytesIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
        return output

    return start


def test_a_picture_through_pipes_is_that_of_files(
    program: Program, feed: Feed, pictures: Path, painted: Path, tmp_path: Path
) -> None:
    """`painted` has the same settings; what arrives is a PNG with its record, and nothing else."""
    output = feed((pictures / "content.png").read_bytes())
    outcome = program("transfer", "-", pictures / "style.jpg", "-o", "-", *QUICK)
    assert outcome.code == 0, outcome.err
    assert "standard output  32 x 24 pixels" in outcome.err
    assert output.getvalue().startswith(b"\x89PNG")
    assert output.getvalue().endswith(b"IEND\xaeB`\x82")
    piped = tmp_path / "elsewhere" / "piped.png"
    piped.parent.mkdir()
    piped.write_bytes(output.getvalue())
    with Image.open(piped) as image, Image.open(painted) as expected:
        assert image.tobytes() == expected.tobytes()
    record, expected_record = records.find(piped), records.find(painted)
    assert (record.content.path, record.content.sha256) == (None, expected_record.content.sha256)
    assert record.styles[0].path == str(pictures / "style.jpg")  # absolute, so it is found from every folder
    assert record.run_key == expected_record.run_key
    assert not Path("-").exists()
    assert not Path("-.json").exists()


def test_rerun_asks_for_the_picture_that_came_through_a_pipe(
    program: Program, feed: Feed, pictures: Path, tmp_path: Path
) -> None:
    output = feed((pictures / "content.png").read_bytes())
    assert program("transfer", "-", pictures / "style.jpg", "-o", "-", *QUICK, "-q").err == ""
    piped = tmp_path / "piped.png"
    piped.write_bytes(output.getvalue())
    refused = program("rerun", piped, "-o", tmp_path / "again.png")
    assert refused.code == 2
    assert "the content was only in memory; save it, and name the file with --content" in refused.err
    again = program("rerun", piped, "-o", tmp_path / "again.png", "--content", pictures / "content.png")
    assert again.code == 0, again.err


@pytest.mark.parametrize("option", ["style", "mask", "keep", "start"])
def test_any_one_picture_can_come_from_standard_input(
    program: Program, feed: Feed, pictures: Path, tmp_path: Path, option: str
) -> None:
    content, style, out = pictures / "content.png", pictures / "style.jpg", tmp_path / "out.png"
    with Image.open(content) as image:
        mask = tmp_path / "mask.png"
        Image.linear_gradient("L").resize(image.size).save(mask)
    file, arguments = {
        "style": (style, [content, "-"]),
        "mask": (mask, [content, style, "--mask", f"-:{style}"]),
        "keep": (mask, [content, style, "--keep", "-"]),
        "start": (content, [content, style, "--start", "-"]),
    }[option]
    feed(file.read_bytes())
    quick = ("--size", "24", "--steps", "1", "--set", "network.channels=4")
    outcome = program("transfer", *arguments, "-o", out, *quick, "-q")
    assert outcome.code == 0, outcome.err
    record = records.find(out)
    recorded = {
        "style": record.styles[0],
        "mask": record.styles[0].mask,
        "keep": record.keep,
        "start": record.start,
    }[option]
    assert recorded is not None
    assert recorded.path is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-", "-", "-o", "out.png"), "- is given for 2 images, but standard input holds a single one"),
        (("-", "style.jpg", "--keep", "-", "-o", "out.png"), "- is given for 2 images"),
        (("-", "style.jpg"), "a result from standard input has no default name; name it with -o"),
        (("-", "style.jpg", "-o", "new/"), "has no default name, as an input is standard input"),
        (("-", "style.jpg", "-o", "out.png"), "standard input is empty (0 bytes)"),
        (("content.png", "style.jpg", "-o", "-", "--checkpoint"), "--checkpoint writes files beside the output"),
        (("content.png", "style.jpg", "-o", "-", "--checkpoint-every", "2"), "--checkpoint writes files"),
        (("content.png", "style.jpg", "-o", "-", "--save-every", "2"), "--save-every writes files beside the output"),
        (("content.png", "style.jpg", "-o", "-", "--json"), "--json and -o - both write to standard output"),
    ],
)
def test_refused_streams(
    program: Program,
    feed: Feed,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(pictures)
    before = sorted(pictures.iterdir())
    output = feed(b"")
    outcome = program("transfer", *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert output.getvalue() == b""
    assert sorted(pictures.iterdir()) == before


def test_a_terminal_is_refused(program: Program, feed: Feed, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, style = pictures / "content.png", pictures / "style.jpg"
    feed(b"")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    outcome = program("transfer", content, style, "-o", "-")
    assert outcome.code == 2
    assert "standard output is a terminal, which cannot show an image; redirect it" in outcome.err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    with pytest.raises(ImageError, match="standard input is a terminal; pipe an image into it"):
        StandardInput([STANDARD_STREAM])


def test_several_processes_cannot_share_standard_input(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(b"")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ImageError, match="several processes cannot share standard input"):
        StandardInput([Path("a.png"), STANDARD_STREAM])
    assert not StandardInput([Path("a.png"), None]).is_used


def test_recolor_through_pipes(program: Program, feed: Feed, pictures: Path, tmp_path: Path) -> None:
    content, style, file = pictures / "content.png", pictures / "style.jpg", tmp_path / "out.png"
    assert program("recolor", content, style, "-o", file).code == 0
    output = feed(content.read_bytes())
    outcome = program("recolor", "-", style, "-o", "-")
    assert outcome.code == 0, outcome.err
    assert "standard output" in outcome.err
    assert output.getvalue() == file.read_bytes()


def test_what_is_not_an_image_is_refused_by_name(program: Program, feed: Feed, pictures: Path, tmp_path: Path) -> None:
    feed(b"not an image")
    outcome = program("recolor", "-", pictures / "style.jpg", "-o", tmp_path / "out.png")
    assert outcome.code == 2
    assert "standard input is not an image that can be read" in outcome.err


def test_a_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match="standard output"):
            write_standard_output(b"data" * 10_000)


def test_a_closed_pipe_ends_the_program_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "barestyle", "presets", "bare", "--json"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
