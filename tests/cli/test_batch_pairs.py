"""The images that a batch takes, how it combines them, and how it names the results."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barestyle import ImageError, OutputError, SpecError
from barestyle.cli.batch_pairs import find_images, format_name, pair_images


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos/one.png, photos/two.jpg, photos/deep/three.png, a hidden file and a text."""
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    for name in ("one.png", "two.jpg", "deep/three.png", "notes.txt", ".hidden.png"):
        (tmp_path / "photos" / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    return [path.as_posix() for path in paths]


def test_folders_and_patterns_stand_for_their_images(folder: Path) -> None:
    assert names(find_images(["photos"])) == ["photos/one.png", "photos/two.jpg"]
    assert names(find_images(["photos/*.jpg", "photos"])) == ["photos/two.jpg", "photos/one.png"]
    assert names(find_images(["photos/**/*.png"])) == ["photos/deep/three.png", "photos/one.png"]
    assert names(find_images(["photos/notes.txt"])) == ["photos/notes.txt"], "a named file is always taken"
    (folder / "photos" / "a[1].png").touch()
    assert names(find_images(["photos/a[1].png"])) == ["photos/a[1].png"], "a file name may look like a pattern"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("photos/*.gif", "no file matches 'photos/*.gif'; check the pattern, and put it in quotes"),
        ("empty", "the folder 'empty' has no images"),
        ("none.png", "there is no file 'none.png'"),
    ],
)
def test_sources_without_images_are_refused(folder: Path, source: str, words: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(ImageError) as refusal:
        find_images([source])
    assert words in str(refusal.value)


def test_a_folder_stands_for_images_only(folder: Path) -> None:
    for name in ("a.pdf", "b.mpg", "c.h5", "d.eps", "e.svg"):
        (folder / "photos" / name).touch()
    assert names(find_images(["photos"])) == ["photos/one.png", "photos/two.jpg"]


def test_results_are_not_images_of_a_folder(folder: Path) -> None:
    (folder / "photos" / "one.png.json").write_text('{"kind": "barestyle-record"}')
    (folder / "photos" / "two.jpg.json").write_text('{"title": "two.jpg", "photoTakenTime": {}}')
    assert names(find_images(["photos"])) == ["photos/two.jpg"]


@given(st.lists(st.text("abc", min_size=1), unique=True, min_size=1), st.lists(st.text("xyz", min_size=1), unique=True))
def test_every_combination_or_paired(contents: list[str], styles: list[str]) -> None:
    files = [Path(name) for name in contents], [Path(name) for name in styles]
    combinations = pair_images(*files, paired=False, folder=Path("out"), pattern="{content}-{style}.png")
    assert {(pair.content, pair.style) for pair in combinations} == {(c, s) for c in files[0] for s in files[1]}
    if len(contents) != len(styles):
        with pytest.raises(SpecError, match="--paired needs as many contents as styles"):
            pair_images(*files, paired=True, folder=Path("out"), pattern="{number}.png")
        return
    pairs = pair_images(*files, paired=True, folder=Path("out"), pattern="{number:03}.png")
    assert [(pair.content, pair.style) for pair in pairs] == list(zip(*files, strict=True))
    assert [pair.output.name for pair in pairs] == [f"{number:03}.png" for number in range(1, len(contents) + 1)]


def test_names_follow_the_pattern() -> None:
    assert format_name("{style}/{content}_{seed}.jpg", content="a", style="b", seed=3) == "b/a_3.jpg"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{photo}.png", "has an unknown field {photo}; the fields are {content}, {style}"),
        ("{content.png", "is invalid"),
        ("{}.png", "has an unknown field {}"),
        ("{number:x!}.png", "is invalid"),
    ],
)
def test_invalid_patterns_are_refused(pattern: str, words: str) -> None:
    with pytest.raises(OutputError) as refusal:
        format_name(pattern, content="a", style="b", number=1)
    assert words in str(refusal.value)


def test_two_results_of_one_name_are_refused() -> None:
    with pytest.raises(OutputError, match=r"two results would have the name 'out/same.png'"):
        pair_images([Path("a"), Path("b")], [Path("x")], paired=False, folder=Path("out"), pattern="same.png")
