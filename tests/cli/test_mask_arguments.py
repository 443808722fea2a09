"""`--mask` and `--keep`: what is a file, a color and a style; ambiguous texts are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.cli.mask_arguments import MaskArgument, parse_keep, parse_mask
from barestyle.errors import SpecError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with map.png and a.jpg, in which texts are parsed."""
    monkeypatch.chdir(tmp_path)
    for name in ("map.png", "a.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def parse(text: str) -> list[tuple[str, tuple[str, ...], str]]:
    return [(str(mask.path), mask.colors, str(style)) for mask, style in parse_mask(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("map.png:a.jpg", [("map.png", (), "a.jpg")]),
        (
            "map.png:#ff0000=a.jpg,#00F=b.jpg",
            [("map.png", ("#ff0000",), "a.jpg"), ("map.png", ("#0000ff",), "b.jpg")],
        ),
        ("map.png:red=a.jpg,Navy=b.jpg", [("map.png", ("#ff0000",), "a.jpg"), ("map.png", ("#000080",), "b.jpg")]),
        ("map.png:#f00=a=b:c.jpg", [("map.png", ("#ff0000",), "a=b:c.jpg")]),
        ("missing.png:#f00=a.jpg", [("missing.png", ("#ff0000",), "a.jpg")]),
        ("C:\\maps\\m.png:#f00=C:\\a.jpg", [("C:\\maps\\m.png", ("#ff0000",), "C:\\a.jpg")]),
        ("C:red=a.jpg", [("C", (), "red=a.jpg")]),
        ("map.png:./red=a.jpg", [("map.png", (), "red=a.jpg")]),
        ("map.png:#f00=x/red,y.jpg", None),
    ],
)
def test_masks(text: str, expected: list[tuple[str, tuple[str, ...], str]] | None, folder: Path) -> None:
    if expected is None:
        with pytest.raises(SpecError, match=r"has no color for 'y\.jpg'; write it like map\.png:#ff0000=sky\.jpg"):
            parse(text)
    else:
        assert parse(text) == expected


def test_names_with_commas_equals_signs_and_colons(folder: Path) -> None:
    for name in ("a,b.jpg", "a,b=c.jpg", "x=y.jpg", "a:b.png", "a:red=c.png"):
        (folder / name).touch()
    assert parse("map.png:#f00=a,b.jpg,#0f0=c.jpg") == [
        ("map.png", ("#ff0000",), "a,b.jpg"),
        ("map.png", ("#00ff00",), "c.jpg"),
    ]
    assert parse("map.png:#f00=a,b=c.jpg") == [("map.png", ("#ff0000",), "a,b=c.jpg")]
    assert parse("map.png:x=y.jpg") == [("map.png", (), "x=y.jpg")]
    assert parse("a:b.png:#f00=c.jpg") == [("a:b.png", ("#ff0000",), "c.jpg")]
    assert parse("a:red=c.png:#f00=c.jpg") == [("a:red=c.png", ("#ff0000",), "c.jpg")]


@pytest.mark.parametrize(
    ("text", "files", "words"),
    [
        ("map.png:red=a.jpg", ["red=a.jpg"], r"can mean a color of the map 'map\.png' or the style 'red=a\.jpg'"),
        ("map.png:#f00=a.jpg,red=b.jpg", ["a.jpg,red=b.jpg"], r"can mean 2 colors or the style 'a\.jpg,red=b\.jpg'"),
        ("map.png:red=b:#0f0=c", ["map.png:red=b"], r"can mean the map 'map\.png' or 'map\.png:red=b'"),
        ("map.png:#ff00=a.jpg", [], "'#ff00' is not a color; write #rrggbb"),
        ("map.png:rd=a.jpg", [], "'rd' is not a color; write #rrggbb"),
        ("map.png:#f00=", [], "has no style for the color #f00"),
        ("map.png:#f00=a.jpg,", [], "has no color for ''"),
        ("map.png:#f00=a.jpg,b.jpg", [], r"has no color for 'b\.jpg'"),
        ("map.png", [], "--mask must be MASK:STYLE"),
    ],
)
def test_masks_that_are_refused(text: str, files: list[str], words: str, folder: Path) -> None:
    for name in files:
        (folder / name).touch()
    with pytest.raises(SpecError, match=words):
        parse_mask(text)


def test_the_mask_of_protected_areas(folder: Path) -> None:
    assert parse_keep("map.png") == MaskArgument(Path("map.png"))
    assert parse_keep("map.png:#f00") == MaskArgument(Path("map.png"), ("#ff0000",))
    assert parse_keep("map.png:red,#00f") == MaskArgument(Path("map.png"), ("#ff0000", "#0000ff"))
    assert parse_keep("missing.png:#f00") == MaskArgument(Path("missing.png"), ("#ff0000",))
    assert parse_keep("missing:red") == MaskArgument(Path("missing:red"))
    assert parse_keep("C:\\maps\\m.png") == MaskArgument(Path("C:\\maps\\m.png"))
    with pytest.raises(SpecError, match="'rd' is not a color"):
        parse_keep("map.png:rd")
    (folder / "map.png:red").touch()
    with pytest.raises(SpecError, match=r"can mean that file or a color of the map 'map\.png'; rename one of them"):
        parse_keep("map.png:red")
