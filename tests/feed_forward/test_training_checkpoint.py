"""The checkpoint of a training: it continues bit for bit, and changed or damaged files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from barestyle.errors import ImageError, SpecError, StyleFileError
from barestyle.feed_forward import NetworkShape, load_style, training_checkpoint
from barestyle.feed_forward.training_request import PreparedTraining, TrainingRequest, name_styles, prepare_training
from tests.feed_forward.cases import make_style
from tests.feed_forward.test_photographs import write_noise

CROP = 112


@pytest.fixture(scope="module")
def request_of_two(tmp_path_factory: pytest.TempPathFactory) -> TrainingRequest:
    folder = tmp_path_factory.mktemp("training")
    (folder / "photos").mkdir()
    for number in range(24):  # so that none is repeated in other colors, which takes seconds
        write_noise(folder / "photos" / f"{number}.png", 70, 64, number)
    style = write_noise(folder / "style.png", 100, 100, 99)
    return TrainingRequest((style,), folder / "photos", steps=3, crop=CROP, batch=1, precision="float32")


def finish(prepared: PreparedTraining) -> torch.Tensor:
    for _ in prepared.training:
        pass
    return torch.cat([value.flatten() for value in prepared.result().network.state_dict().values()])


@pytest.mark.slow
def test_a_training_continues_from_its_checkpoint(request_of_two: TrainingRequest, tmp_path: Path) -> None:
    uninterrupted = prepare_training(request_of_two)
    whole = finish(uninterrupted)
    check_file(uninterrupted, tmp_path / "a.style")
    prepared, path = prepare_training(request_of_two), tmp_path / "a.style.checkpoint"
    for progress in prepared.training:
        if progress.step == 2:
            break
    training_checkpoint.save(path, request_of_two, prepared)
    again, continued = training_checkpoint.resume(path)
    assert again == request_of_two
    assert continued.training.step == 2
    assert torch.equal(finish(continued), whole)


def check_file(prepared: PreparedTraining, path: Path) -> None:
    """Check that the file has the style, and a record without paths."""
    prepared.result().save(path)
    style = load_style(path)
    assert style.names == ("style",)
    assert style.record["steps"] == 3
    assert style.record["styles"][0]["name"] == "style.png"
    assert str(path.parent) not in str(style.record)
    image = torch.rand(1, 3, 40, 44, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = prepared.training.averaged(image, style.mix())
        torch.testing.assert_close(style.network(image, style.mix()), expected, atol=2e-3, rtol=0)


def test_changed_inputs_are_refused(request_of_two: TrainingRequest) -> None:
    with pytest.raises(StyleFileError, match=r"have changed \(seed\)"):
        prepare_training(request_of_two, expected={"seed": 1, "batch": 1})


@pytest.mark.parametrize("content", [b"", b"no safetensors", b"\x80\x04pickle"])
def test_damaged_checkpoints_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.style.checkpoint"
    path.write_bytes(content)
    with pytest.raises(StyleFileError, match="cannot be read"):
        training_checkpoint.resume(path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(StyleFileError, match="there is no checkpoint"):
        training_checkpoint.resume(tmp_path / "a.style.checkpoint")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", 0),
        ("crop", 95),
        ("crop", 100),
        ("crop", 1024),
        ("batch", 0),
        ("style_scale", 0.0),
        ("precision", "fp8"),
    ],
)
def test_settings_out_of_range_are_refused(field: str, value: object, tmp_path: Path) -> None:
    request = TrainingRequest((tmp_path / "missing.png",), **{field: value})  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=f"{field} cannot be"):
        prepare_training(request)


def test_a_narrow_style_is_refused(request_of_two: TrainingRequest, tmp_path: Path) -> None:
    narrow = write_noise(tmp_path / "narrow.png", 600, 20)
    with pytest.raises(ImageError, match="training needs at least"):
        prepare_training(TrainingRequest((narrow,), request_of_two.photos, crop=CROP))


def test_a_transparent_style_is_refused(request_of_two: TrainingRequest, tmp_path: Path) -> None:
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    with pytest.raises(ImageError, match="completely transparent"):
        prepare_training(TrainingRequest((tmp_path / "clear.png",), request_of_two.photos, crop=CROP))


def test_styles_of_the_same_name_are_numbered() -> None:
    assert name_styles([Path("a/x.png"), Path("b/x.jpg"), Path("y.png")]) == ("x", "x-2", "y")


def test_names_can_be_shown_and_read_again(tmp_path: Path) -> None:
    names = name_styles(
        [Path("9.41\u202fAM,a=b.png"), Path("x" * 250 + ".png"), Path("x" * 251 + ".png"), Path("=.png")]
    )
    assert names[0] == "9.41 AM a b"
    assert (names[3], len(set(names))) == ("style", 4)
    make_style(NetworkShape(styles=len(names)), names=names).save(tmp_path / "a.style")
    assert load_style(tmp_path / "a.style").names == names


def test_requests_survive_json(tmp_path: Path) -> None:
    request = TrainingRequest((tmp_path / "a.png", tmp_path / "b.png"), None, tmp_path / "c.style", steps=7)
    assert TrainingRequest.from_data(request.to_data()) == request
