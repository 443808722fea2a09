"""The built-in pairs, and reading pictures from the shared folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from benchmarks.pairs import PAIRS, SECOND_PAIRS, SHARED_FILES, PictureSource, find_shared_folder

from barestyle import samples
from tests.benchmarks.conftest import PHOTOGRAPH


def test_the_pairs_are_many_different_and_use_every_style_about_equally() -> None:
    assert len(PAIRS) == len({pair.name for pair in PAIRS}) >= 24
    assert sum(pair.subject == "portrait" for pair in PAIRS) >= 8
    for count in (12, 24, len(PAIRS)):
        uses = Counter(pair.style for pair in PAIRS[:count])
        assert len(uses) == 6
        assert max(uses.values()) - min(uses.values()) <= 2


def test_the_second_pairs_have_other_photographs() -> None:
    contents = [pair.content for pair in SECOND_PAIRS]
    assert len(set(contents)) == len(contents) == 24
    assert not {pair.content for pair in PAIRS} & set(contents)
    assert Counter(pair.subject for pair in SECOND_PAIRS) == {"portrait": 11, "building": 7, "other": 6}
    uses = Counter(pair.style for pair in SECOND_PAIRS)
    assert len(uses) == 6
    assert min(uses.values()) >= 3


def test_without_the_shared_folder_the_installed_pairs_are_left(tmp_path: Path) -> None:
    for source in (PictureSource(), PictureSource(tmp_path)):
        available, missing = source.select(PAIRS)
        assert len(available) + len(missing) == len(PAIRS)
        assert all(pair.content in samples.PHOTOS and pair.style in samples.STYLES for pair in available)
        assert Counter(pair.style for pair in available) == dict.fromkeys(samples.STYLES, 2)
        assert source.read_boundaries("118035") is None
    with pytest.raises(KeyError, match="there is no picture 'tubingen'"):
        PictureSource(tmp_path).read("tubingen")


def test_pictures_of_a_shared_folder(shared_folder: Path) -> None:
    source = PictureSource(shared_folder)
    assert {pair.name for pair in source.select(PAIRS)[0]} > {f"{PHOTOGRAPH} in mosaic"}
    assert source.read(PHOTOGRAPH).size == (60, 40)
    assert source.read("the_scream").mode == "RGB"
    assert source.read("mosaic").mode == "RGB"
    assert not source.has("tubingen")
    boundaries = source.read_boundaries(PHOTOGRAPH)
    assert boundaries is not None
    assert boundaries.shape == (40, 60)
    assert sorted(set(boundaries.flatten().tolist())) == pytest.approx([0.0, 0.6])


def test_every_pair_has_its_pictures_in_the_shared_folder() -> None:
    source = PictureSource(find_shared_folder())
    if not all(source.has(name) for name in (*SHARED_FILES, PHOTOGRAPH)):
        pytest.skip("the shared pictures are not there")
    pairs = (*PAIRS, *SECOND_PAIRS)
    assert source.select(pairs)[1] == []
    assert all(source.read_boundaries(pair.content) is not None for pair in pairs if pair.content.isdigit())
