"""Names of installed styles on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle import samples
from barestyle.cli.trained_style import locate_start, locate_style
from barestyle.errors import SpecError, StyleFileError


def test_words_and_files_are_starts_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("content", "noise", "-", "missing.png", "missing.style"):
        assert locate_start(text) == text
    assert locate_start("mosaic") == str(samples.trained_style("mosaic"))
    Path("mosaic").touch()
    assert locate_start("mosaic") == "mosaic", "a file has precedence"
    assert locate_style("mosaic") == Path("mosaic")


def test_other_names_are_refused_with_those_that_there_are() -> None:
    names = "content, noise, hatching, impasto, mosaic, swirls, or a file"
    with pytest.raises(SpecError, match=rf"^--start cannot be 'swirlz'; it must be {names}$"):
        locate_start("swirlz")
    with pytest.raises(StyleFileError, match=r"there is no trained style 'swirlz'; .*, or one of hatching, impasto, "):
        locate_style("swirlz")
