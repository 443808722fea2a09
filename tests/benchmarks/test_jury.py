"""A jury from painting to opening the key, at a few pixels and steps, and its statistics."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import comb
from pathlib import Path

import numpy as np
import pytest
from benchmarks.jury.__main__ import main, parse_arguments, select_pairs
from benchmarks.jury.arms import build_arms, parse_comparisons
from benchmarks.jury.errors import JuryError
from benchmarks.jury.folder import JuryFolder
from benchmarks.jury.key import Sheet, draw_order, hash_key, seal, unseal
from benchmarks.jury.sheets import compose_sheet
from benchmarks.jury.tally import count_votes, find_winner, make_tally, open_key, parse_votes, record_votes
from benchmarks.pairs import PAIRS, PictureSource
from PIL import Image
from scipy.stats import beta

from barestyle import Spec, preset
from barestyle.errors import SpecError
from tests.benchmarks.conftest import PHOTOGRAPH
from tests.conftest import drawing

FEW_STEPS = "optimizer.steps=2,scales.finest_steps=2"
ARMS = ("--arm", f"few=bare,{FEW_STEPS}", "--arm", "signs=paper,optimizer.steps=2")


@pytest.fixture
def jury(tmp_path: Path, shared_folder: Path) -> tuple[JuryFolder, list[str]]:
    """A jury of three pairs, one of them from a shared folder, and its options."""
    options = ["--folder", str(tmp_path / "jury"), "--shared", str(shared_folder), "--size", "40", "--pairs", "3"]
    return JuryFolder(tmp_path / "jury"), [*options, *ARMS]


def read_times(folder: JuryFolder) -> dict[str, int]:
    return {file.as_posix(): file.stat().st_mtime_ns for file in folder.path.rglob("pictures/*/*.png")}


def test_a_jury_from_painting_to_the_counts(
    jury: tuple[JuryFolder, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, options = jury
    assert main(options) == 0
    assert "6 pictures painted, 0 there already." in capsys.readouterr().out
    index = json.loads(folder.index.read_text())
    assert list(index["sheets"]) == ["1", "2", "3"]
    assert index["key_sha256"] == hash_key(folder.key.read_bytes())
    assert not re.search(rb"few|signs|astronaut", folder.key.read_bytes()), "not readable by accident"

    assert main(["open", *options[:2]]) == 2
    assert "votes are missing on sheets 1, 2, 3" in capsys.readouterr().err
    assert main(["vote", *options[:2], "1", "A", "2", "="]) == 0
    assert main(["open", *options[:2]]) == 2
    assert "votes are missing on sheets 3;" in capsys.readouterr().err
    assert main(["sheets", *options]) == 2
    assert "there are votes in" in capsys.readouterr().err

    (tmp_path / "votes.txt").write_text("3 b  # the face\n2 B\n")
    assert main(["vote", *options[:2], "--file", str(tmp_path / "votes.txt")]) == 0
    assert folder.votes.read_text() == "1 A\n2 B\n3 B\n", "a later vote on a sheet replaces an earlier one"
    capsys.readouterr()
    assert main(["open", *options[:2]]) == 0
    sheets = unseal(folder.key.read_bytes())
    few = [sheets[0].a, sheets[1].b, sheets[2].b].count("few")
    assert f"few {few}, signs {3 - few}, ties 0" in capsys.readouterr().out
    assert json.loads(folder.result.read_text())["comparisons"]["few:signs"]["first"] == few
    assert main(["vote", *options[:2], "1", "B"]) == 2
    assert "the key has been opened" in capsys.readouterr().err


def test_pictures_are_painted_again_only_with_another_spec(
    jury: tuple[JuryFolder, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, options = jury
    assert main(["paint", *options]) == 0
    before = read_times(folder)
    assert len(before) == 6
    assert main(["sheets", *options]) == 0
    options[-1] = "signs=paper,optimizer.steps=1"
    capsys.readouterr()
    assert main(["sheets", *options]) == 2
    assert "3 pictures are missing or were painted with other settings" in capsys.readouterr().err
    assert main(["paint", *options]) == 0
    after = read_times(folder)
    assert {Path(file).parent.name for file in after if after[file] != before[file]} == {"signs"}
    assert not folder.votes.exists()


def test_sheets_show_the_pictures_of_the_key(jury: tuple[JuryFolder, list[str]]) -> None:
    folder, options = jury
    assert main([*options, "--seed", "3"]) == 0
    for number, sheet in enumerate(unseal(folder.key.read_bytes()), 1):
        image = np.array(Image.open(folder.sheets / f"{number:03}.png"))
        for arm, is_right in ((sheet.a, False), (sheet.b, True)):
            picture = np.array(Image.open(folder.picture(arm, sheet.pair)))
            height, width = picture.shape[:2]
            assert max(height, width) == 40
            left = 12 + is_right * (width + 12)
            assert np.array_equal(image[-12 - height : -12, left : left + width], picture)


def test_a_sheet_has_thumbnails_above_the_results() -> None:
    content, style = drawing(300, 200, seed=1), drawing(100, 200, seed=2)
    results = [Image.new("RGB", (150, 100), color) for color in ("red", "blue")]
    sheet = compose_sheet(7, content, style, results)
    assert sheet.size == (150 + 150 + 3 * 12, 60 + 100 + 2 * 32 + 4 * 12)
    assert sheet.getpixel((20, sheet.height - 20)) == (255, 0, 0)
    assert sheet.getpixel((sheet.width - 20, sheet.height - 20)) == (0, 0, 255)
    thumbnail = np.array(sheet.crop((12, 44, 72, 84))).astype(float)
    assert np.abs(thumbnail - np.array(content.resize((60, 40), Image.Resampling.LANCZOS))).max() == 0


def test_the_order_is_balanced_seeded_and_shuffled() -> None:
    comparisons = [("x", "y"), ("x", "z")]
    sheets = draw_order(PAIRS[:9], comparisons, seed=5)
    assert sheets == draw_order(PAIRS[:9], comparisons, seed=5) != draw_order(PAIRS[:9], comparisons, seed=6)
    assert Counter((sheet.pair, sheet.first, sheet.second) for sheet in sheets) == {
        (pair, *names): 1 for pair in PAIRS[:9] for names in comparisons
    }
    for names in comparisons:
        firsts = [sheet.a == sheet.first for sheet in sheets if (sheet.first, sheet.second) == names]
        assert abs(2 * sum(firsts) - len(firsts)) == 1
    sides = [[sheet.a for sheet in draw_order(PAIRS[:1], comparisons[:1], seed)] for seed in range(20)]
    assert {side for (side,) in sides} == {"x", "y"}


def test_a_key_survives_sealing_and_its_hash_differs_each_time() -> None:
    arms = {"x": preset("bare").spec, "y": preset("paper").spec}
    sheets = draw_order(PAIRS[:5], [("x", "y")], seed=1)
    first, second = seal(sheets, arms, 1), seal(sheets, arms, 1)
    assert unseal(first) == unseal(second) == sheets
    assert hash_key(first) != hash_key(second), "the hash of few possible orders could be guessed"


def test_a_key_that_was_changed_is_refused(jury: tuple[JuryFolder, list[str]]) -> None:
    folder, options = jury
    assert main(options) == 0
    record_votes(folder, {1: "A", 2: "B", 3: "="})
    assert [vote for _, vote in open_key(folder)] == ["A", "B", "="]
    sheets = unseal(folder.key.read_bytes())
    folder.key.write_bytes(seal([sheet._replace(a=sheet.b, b=sheet.a) for sheet in sheets], {}, 0))
    with pytest.raises(JuryError, match="the key was changed after the sheets were made"):
        open_key(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 C", "1 C is not a vote; write the sheet's number and A, B or ="),
        ("A 1", "A 1 is not a vote"),
        ("1 A 2", "2 is not a vote"),
        ("1 A\n1 B", "there are two votes on sheet 1"),
    ],
)
def test_invalid_votes(text: str, message: str) -> None:
    with pytest.raises(JuryError, match=re.escape(message)):
        parse_votes(text)


def test_votes_need_sheets(tmp_path: Path) -> None:
    with pytest.raises(JuryError, match="there are no sheets in"):
        record_votes(JuryFolder(tmp_path), {1: "A"})
    folder = JuryFolder(tmp_path)
    folder.sheets.mkdir()
    folder.index.write_text('{"key_sha256": "", "sheets": {"1": "x"}}')
    with pytest.raises(JuryError, match="there is no sheet 2; the sheets are 1 to 1"):
        record_votes(folder, {2: "A"})


def test_votes_count_for_the_arm_behind_the_letter() -> None:
    pair = PAIRS[0]
    straight, swapped = Sheet(pair, "x", "y", "x", "y"), Sheet(pair, "x", "y", "y", "x")
    assert [find_winner(straight, vote) for vote in ("A", "B", "=")] == ["x", "y", None]
    assert [find_winner(swapped, vote) for vote in ("A", "B", "=")] == ["y", "x", None]
    tally = count_votes([(straight, "A"), (swapped, "B"), (swapped, "A"), (straight, "=")])
    assert tally[:3] == (2, 1, 1)


@pytest.mark.parametrize(("first", "second"), [(8, 2), (3, 9), (5, 5), (0, 7), (17, 7)])
def test_statistics_equal_sums_of_binomials_and_quantiles_of_beta(first: int, second: int) -> None:
    total = first + second
    tail = sum(comb(total, count) for count in range(max(first, second), total + 1)) / 2**total
    tally = make_tally(first, second, ties=4)
    assert tally.p_value == pytest.approx(min(1, 2 * tail))
    low = beta.ppf(0.025, first, second + 1) if first else 0
    assert (tally.low, tally.high) == pytest.approx((low, beta.ppf(0.975, first + 1, second) if second else 1))


def test_statistics_of_known_counts() -> None:
    """Clopper & Pearson's interval of 8 in 10 is 0.444 to 0.975, and its two-sided p is 112/1024."""
    tally = make_tally(8, 2, 0)
    assert tally.p_value == pytest.approx(112 / 1024)
    assert (tally.low, tally.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    assert make_tally(0, 0, 3) == (0, 0, 3, 1.0, 0.0, 1.0)


def test_arms_are_presets_with_settings_or_those_of_the_quality_table(synthetic_weights: Path) -> None:
    arms = build_arms(["a=bare,network.channels=[8,8,8,8,8],content_loss.strength=0.7", "npnd"], [], 48, None)
    specs = [arm for arm in arms.values() if isinstance(arm, Spec)]
    assert specs[0].network.channels == (8, 8, 8, 8, 8)
    assert [spec.size for spec in specs] == [48, 48]
    default = build_arms([], [], 48, synthetic_weights)
    assert list(default) == ["bare", "VGG-19"]
    assert default["bare"].digest == build_arms(["x=bare", "npnd"], [], 48, None)["x"].digest
    trained = build_arms(["x=paper-original", "npnd"], [], 48, synthetic_weights)["x"]
    assert isinstance(trained, Spec)
    assert trained.network.trained_file == str(synthetic_weights)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "the arm VGG-19 needs trained weights; name a file with --weights FILE"),
        (["x=paper-original", "npnd"], "needs trained weights"),
        (["npnd"], "a comparison needs two arms"),
        (["x=bare", "x=paper"], "there are two arms 'x'"),
        (["x=bare,size=64", "npnd"], "sets size, but all arms have the same one; use --size"),
        (["nonsense", "npnd"], "there is no arm 'nonsense'"),
        (["/x=bare", "npnd"], "has no valid name"),
    ],
)
def test_invalid_arms(texts: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        build_arms(texts, [], 48, None)


def test_comparisons() -> None:
    assert parse_comparisons([], ["x", "y", "z"]) == [("x", "y"), ("x", "z")]
    assert parse_comparisons(["z:y"], ["x", "y", "z"]) == [("z", "y")]
    with pytest.raises(SpecError, match="'x:x' does not name two arms"):
        parse_comparisons(["x:x"], ["x", "y"])


def test_pairs_are_selected_by_name_or_subject(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parse_arguments(
        ["paint", "--only", "portrait", "--only", "coffee in impasto", "--shared", str(tmp_path)]
    )
    names = [pair.name for pair in select_pairs(arguments, PictureSource(tmp_path))]
    assert names == ["astronaut in impasto", "astronaut in hatching", "coffee in impasto"]
    assert "9 pairs are left out" in capsys.readouterr().out
    with pytest.raises(JuryError, match="no pairs are left"):
        select_pairs(parse_arguments(["paint", "--only", "nothing"]), PictureSource())


def test_the_second_list_of_pairs(tmp_path: Path, shared_folder: Path) -> None:
    with pytest.raises(JuryError, match="no pairs are left"):
        select_pairs(parse_arguments(["paint", "--second"]), PictureSource(tmp_path))
    has_first = [pair.name for pair in select_pairs(parse_arguments(["paint"]), PictureSource(shared_folder))]
    assert f"{PHOTOGRAPH} in mosaic" in has_first
    with pytest.raises(JuryError, match="no pairs are left"):
        select_pairs(
            parse_arguments(["paint", "--second", "--shared", str(shared_folder)]), PictureSource(shared_folder)
        )
