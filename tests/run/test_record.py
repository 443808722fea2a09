"""Records: in and beside the picture, complete, and refused when they are not ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from barestyle import Result, preset, transfer, with_settings
from barestyle.errors import RecordError
from barestyle.run import output_files
from barestyle.run import record as records


@pytest.fixture(scope="module")
def result(pictures: Path) -> Result:
    spec = with_settings(preset("bare").spec, {"size": 32, "optimizer.steps": 2, "network.channels": 4})
    return transfer(pictures / "content.png", pictures / "style.jpg", spec, seed=5)


def test_a_saved_picture_carries_its_record_twice(result: Result, tmp_path: Path) -> None:
    path = result.save(tmp_path / "out.png")
    beside = json.loads((tmp_path / "out.png.json").read_text())
    with Image.open(path) as image:
        image.load()
        assert json.loads(image.text["barestyle"]) == beside  # type: ignore[attr-defined]
    assert beside["digest"] == result.spec.digest
    assert beside["seed"] == 5
    assert beside["losses"] == list(result.losses)
    assert beside["stop_reason"] == result.stop_reason == "steps-taken"
    assert beside["reason"] == result.reason
    assert set(beside["versions"]) >= {"barestyle", "python", "torch"}
    record = records.find(path)
    assert record.spec == result.spec
    assert record == result.record_beside(path)


def test_a_record_of_a_long_run_is_kept_whole(result: Result, tmp_path: Path) -> None:
    """Pillow opens no picture with a text above 1 MiB; a record longer than that is in several."""
    losses = tuple(1 / (3 + i) for i in range(100_000))
    long = replace(result, record=result.record.model_copy(update={"losses": losses}))
    path = long.save(tmp_path / "out.png")
    (tmp_path / "out.png.json").unlink()
    assert (tmp_path / "out.png").stat().st_size > 500_000
    with Image.open(path) as image:
        image.load()
    assert records.find(path).losses == losses


def test_paths_are_kept_as_seen_from_the_record(result: Result, tmp_path: Path, pictures: Path) -> None:
    record = records.find(result.save(tmp_path / "out.png"))
    assert record.content.path is not None
    assert not Path(record.content.path).is_absolute()
    assert (tmp_path / record.content.path).resolve() == (pictures / "content.png").resolve()


def test_it_is_found_inside_a_png_alone_and_in_the_json_itself(result: Result, tmp_path: Path) -> None:
    path = result.save(tmp_path / "out.png")
    by_json = records.find(tmp_path / "out.png.json")
    (tmp_path / "out.png.json").unlink()
    assert records.find(path) == by_json


@pytest.mark.parametrize("extension", [".jpg", ".tif", ".webp"])
def test_other_kinds_of_picture_have_it_beside_them(result: Result, tmp_path: Path, extension: str) -> None:
    path = result.save(tmp_path / f"out{extension}")
    assert records.find(path).spec == result.spec
    output_files.sidecar(path).unlink()
    with pytest.raises(RecordError, match=r"contains no record and .* is not beside it"):
        records.find(path)


def test_a_picture_in_memory_has_no_path(content_image: Image.Image, tmp_path: Path) -> None:
    spec = with_settings(preset("bare").spec, {"size": 32, "optimizer.steps": 1, "network.channels": 4})
    record = transfer(content_image, content_image.rotate(90), spec).record_beside(tmp_path / "out.png")
    assert record.content.path is None
    assert len(record.content.sha256) == 64


def test_records_that_cannot_be_used(result: Result, tmp_path: Path) -> None:
    good = json.loads(result.record.to_json())
    cases = {
        "not json": ("{", "is not JSON"),
        "newer": (json.dumps({**good, "format": 2}), "is a record of format 2, but barestyle "),
        "before the release": (
            json.dumps({**{name: value for name, value in good.items() if name != "kind"}, "format": 3}),
            "is a record of format 3 from before the first release of barestyle, which can no longer be read; make",
        ),
        "another kind": (json.dumps({**good, "kind": "recipe"}), "is a 'recipe' file, not a 'barestyle-record'"),
        "no object": ("[]", "is not a barestyle record"),
        "another object": ('{"a": 1}', "is not a barestyle record"),
        "missing": (json.dumps({k: v for k, v in good.items() if k != "seed"}), "seed is missing"),
        "wrong": (json.dumps({**good, "spec": {"size": -1}}), "spec.size cannot be -1"),
    }
    for text, message in cases.values():
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(RecordError) as refusal:
            records.find(tmp_path / "a.json")
        assert message in str(refusal.value)
    with pytest.raises(RecordError, match="there is no file"):
        records.find(tmp_path / "nowhere.png")
