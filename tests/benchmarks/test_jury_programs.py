"""Arms of a jury that other programs paint."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.jury.__main__ import main
from benchmarks.jury.arms import build_arms
from benchmarks.jury.errors import JuryError
from benchmarks.jury.programs import parse_program
from PIL import Image

from barestyle.errors import SpecError
from tests.conftest import drawing

BLEND = """
import sys
from PIL import Image
photo, style = (Image.open(path).convert("RGB") for path in sys.argv[1:3])
Image.blend(photo, style.resize(photo.size), 0.5).save(sys.argv[3])
"""

SMALL = """
import sys
from PIL import Image
Image.new("RGB", (9, 8)).save(sys.argv[1])
"""


@pytest.fixture
def blend(tmp_path: Path) -> str:
    """The command of a program that blends the photograph with the style."""
    script = tmp_path / "a blend.py"
    script.write_text(BLEND)
    return f"{sys.executable} '{script}' {{photo}} {{style}} {{output}} as-{{style_name}}"


def test_a_program_paints_the_photograph_at_the_size_of_the_sheets(blend: str) -> None:
    photo, style = drawing(90, 60, seed=1), drawing(40, 40, seed=2)
    image, seconds = parse_program(blend, 45).paint(photo, style, "impasto")
    expected = Image.blend(photo.resize((45, 30), Image.Resampling.LANCZOS), style.resize((45, 30)), 0.5)
    assert np.array_equal(np.array(image), np.array(expected))
    assert seconds > 0


def test_a_program_is_known_by_its_words_and_its_size() -> None:
    program = parse_program("paint {photo} {output} -x", 45)
    assert program.digest == parse_program("paint {photo}  {output} '-x'", 45).digest
    assert program.digest != parse_program("paint {photo} {output} -y", 45).digest
    assert program.digest != parse_program("paint {photo} {output} -x", 46).digest


def test_a_jury_of_a_preset_and_a_program(
    blend: str, tmp_path: Path, shared_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shared folder of the tests has one photograph; all others come with barestyle."""
    folder = tmp_path / "jury"
    options = ["--folder", str(folder), "--shared", str(shared_folder), "--size", "40", "--unseen"]
    options += ["--arm", "few=bare,optimizer.steps=2,scales.finest_steps=2", "--program", f"blend={blend}"]
    assert main(options) == 0
    assert "2 pictures painted, 0 there already." in capsys.readouterr().out
    assert list(json.loads((folder / "sheets/index.json").read_text())["sheets"].values()) == ["118035 in mosaic"]
    assert main(options) == 0
    assert "0 pictures painted, 2 there already." in capsys.readouterr().out
    assert main([*options, "--program", "fails=false {photo} {output}"]) == 2
    assert "error: false " in capsys.readouterr().err
    options[-1] += " again"
    assert main(options) == 0
    assert "1 pictures painted, 1 there already." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("python -c 'import sys; sys.exit(\"no weights\")'", "ended with code 1: no weights"),
        ("python -c 'import sys; sys.exit(3)'", "ended with code 3: no message"),
        ("python -c pass", "wrote no picture; it must write {output}"),
        ("no-such-program", "'no-such-program' cannot be run: No such file or directory; install it, or give its path"),
        (f"python -c '{SMALL}'", "wrote a picture of 9 x 8 pixels instead of 45 x 30"),
    ],
)
def test_programs_that_fail(words: str, message: str) -> None:
    command = re.sub("^python", sys.executable, words)
    program = parse_program(f"{command} {{output}} {{photo}}", 45)
    with pytest.raises(JuryError, match=re.escape(message)):
        program.paint(drawing(90, 60, seed=1), drawing(40, 40, seed=2), "impasto")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["x=paint {photo}"], "'paint {photo}' does not have {output}; a command can have {photo}, {style}, {style_na"),
        (["x=paint 'a"], "is not valid: No closing quotation"),
        (["/x=paint"], "--program '/x=paint' has no valid name"),
        (["x=p {photo} {output}", "x=q {photo} {output}"], "there are two arms 'x'"),
        (["x=p {photo} {output}"], "a comparison needs two arms; give --arm or --program twice"),
    ],
)
def test_invalid_programs(texts: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        build_arms([], texts, 48, None)
