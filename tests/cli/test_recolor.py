"""`barestyle recolor`: colors are the style's, forms the photograph's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle.images import read
from tests.cli.conftest import Program
from tests.conftest import drawing


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawing(64, 48, 1).save(tmp_path / "photo.png")
    drawing(50, 60, 2).save(tmp_path / "style.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("space", ["linear-rgb", "lab"])
@pytest.mark.parametrize("method", ["mean-covariance", "histogram"])
def test_the_result_has_the_colors_of_the_style(program: Program, folder: Path, method: str, space: str) -> None:
    outcome = program("recolor", "photo.png", "style.png", "--method", method, "--space", space)
    assert outcome.code == 0, outcome.err
    assert "photo-style.png  64 x 48 pixels" in outcome.out
    photo, style, result = (read(name).pixels for name in ("photo.png", "style.png", "photo-style.png"))
    means = [one.mean((2, 3)) for one in (result, style, photo)]
    assert float((means[0] - means[1]).norm()) < 0.4 * float((means[2] - means[1]).norm())
    if method == "mean-covariance":
        return
    for channel in range(3):  # each channel by itself and monotonically, at least where that is done in RGB
        order = photo[0, channel].flatten().argsort()
        steps = result[0, channel].flatten()[order].diff()
        assert space == "lab" or float(steps.min()) > -2 / 255


def test_transparent_pixels_are_ignored_and_stay_transparent(program: Program, folder: Path) -> None:
    plain = program("recolor", "photo.png", "style.png", "-o", "plain.png", "-q")
    assert (plain.code, plain.out) == (0, "")
    wide = Image.new("RGBA", (128, 48), (255, 0, 255, 0))
    wide.paste(Image.open("photo.png"), (0, 0))
    wide.save("wide.png")
    broad = Image.new("RGBA", (50, 120), (0, 255, 0, 0))
    broad.paste(Image.open("style.png"), (0, 0))
    broad.save("broad.png")
    assert program("recolor", "wide.png", "broad.png", "-o", "out.png", "-q").code == 0
    alone, result = read("plain.png"), read("out.png")
    assert result.alpha is not None
    torch.testing.assert_close(result.pixels[..., :64], alone.pixels, atol=2 / 255, rtol=0)
    assert float(result.alpha[..., 64:].max()) == 0


def test_sixteen_bits_are_kept(program: Program, folder: Path) -> None:
    import imagecodecs

    deep = (np.asarray(Image.open("photo.png"), np.uint16) * 257)[..., :3]
    Path("deep.png").write_bytes(imagecodecs.png_encode(np.ascontiguousarray(deep)))
    assert program("recolor", "deep.png", "style.png", "-o", "out.png", "-q").code == 0
    assert read("out.png").bits == 16


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("photo.png style.png -o photo.png -f", "is also an input"),
        ("photo.png style.png -o there.png", "'there.png' exists"),
        ("photo.png none.png", "there is no file 'none.png'"),
        ("photo.png style.png -o out.xyz", "has no image extension that can be written"),
        ("clear.png style.png -o out.png", "is completely transparent"),
        ("photo.png clear.png -o out.png --method histogram", "is completely transparent"),
        ("photo.png style.png --method magic", "'magic' is not one of"),
        ("photo.png style.png --max-pixels 100", "more than the limit of 100"),
    ],
)
def test_invalid_input(program: Program, folder: Path, line: str, words: str) -> None:
    (folder / "there.png").write_bytes(b"mine")
    Image.new("RGBA", (20, 20)).save(folder / "clear.png")
    before = Path("photo.png").read_bytes()
    outcome = program("recolor", *line.split())
    assert outcome.code == 2
    assert words in outcome.err
    assert Path("photo.png").read_bytes() == before
