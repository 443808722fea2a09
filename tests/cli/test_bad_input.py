"""Bad input through the command line: one sentence, exit code 2, no traceback, nothing half-written."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from safetensors.torch import save_file

from barestyle.presets import PRESETS
from tests.cli.conftest import Outcome, Program
from tests.conftest import drawing, synthetic_vgg19
from tests.slow import slow_except


def check_refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("barestyle: ")
    assert outcome.err.count("\n") == 1, "one line"
    assert "Traceback" not in outcome.err
    for word in words:
        assert word in outcome.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files that are damaged or unsuitable, each in another way."""
    good = drawing(64, 48, seed=1)
    good.save(tmp_path / "good.png")
    good.save(tmp_path / "good.jpg")
    for name in ("good.png", "good.jpg"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / f"truncated-{name}").write_bytes(data[: len(data) // 2])
    deep = (np.asarray(good).astype(np.uint16) * 257)[..., ::-1].copy()
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb", compression="adobe_deflate")
    for name, encoded in (
        ("deep.png", imagecodecs.png_encode(deep)),
        ("deep.tif", (tmp_path / "deep.tif").read_bytes()),
    ):
        (tmp_path / f"truncated-{name}").write_bytes(encoded[: len(encoded) // 2])
        broken = bytearray(encoded)
        broken[len(encoded) // 2 : len(encoded) // 2 + 40] = bytes(40)
        (tmp_path / f"corrupt-{name}").write_bytes(broken)
    good.save(tmp_path / "good.webp")
    webp = (tmp_path / "good.webp").read_bytes()
    (tmp_path / "truncated-good.webp").write_bytes(webp[: len(webp) // 2])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("this is no picture")
    (tmp_path / "broken.tif").write_bytes(b"II*\0" + b"\xff" * 60)
    (tmp_path / "folder").mkdir()
    Image.new("RGB", (1, 1)).save(tmp_path / "1x1.png")
    Image.new("RGB", (3000, 2)).save(tmp_path / "3000x2.png")
    Image.new("RGB", (3000, 20)).save(tmp_path / "3000x20.png")
    Image.new("1", (15_000, 12_000)).save(tmp_path / "huge.png")
    return tmp_path


BAD_PICTURES = {
    "missing.png": ("there is no file", "check the path"),
    "empty.png": ("is empty (0 bytes)", "get the file again"),
    "text.png": ("is not an image that can be read", "give a PNG, JPEG, TIFF, WebP, GIF, BMP"),
    "truncated-good.png": ("is damaged or cut short", "get the file again"),
    "truncated-good.jpg": ("is damaged or cut short", "get the file again"),
    "truncated-good.webp": ("is damaged or cut short", "get the file again"),
    "truncated-deep.png": ("is damaged or cut short", "get the file again"),
    "corrupt-deep.png": ("is damaged or cut short", "get the file again"),
    "truncated-deep.tif": ("is damaged or",),
    "corrupt-deep.tif": ("is damaged or",),
    "broken.tif": ("is damaged or",),
    "folder": ("is a folder; give an image file in it",),
    "1x1.png": ("has 1 x 1 pixels", "needs at least 16 pixels per side", "use a larger image"),
    "3000x2.png": ("has 3000 x 2 pixels", "needs at least 16 pixels per side", "use a larger image"),
    "3000x20.png": ("has 3000 x 20 pixels and would be used at", "choose a larger --size or a less narrow image"),
    "huge.png": ("15000 x 12000 = 180,000,000 pixels", "the limit of 178,956,970", "--max-pixels"),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
@pytest.mark.parametrize("role", slow_except(["content"], ["content", "style"]))
def test_images_that_cannot_be_used(program: Program, folder: Path, name: str, role: str) -> None:
    before = set(folder.iterdir())
    pair = (folder / name, folder / "good.png") if role == "content" else (folder / "good.png", folder / name)
    check_refused(program("transfer", *pair, "-o", folder / "out.png"), name, *BAD_PICTURES[name])
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("name", ["truncated-deep.tif", "broken.tif"])
def test_the_program_prints_one_line(folder: Path, name: str) -> None:
    """This runs in another process, because pytest captures what a library logs."""
    arguments = ("barestyle", "transfer", folder / name, folder / "good.png", "-o", folder / "out.png")
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check_refused(Outcome(done.returncode, done.stdout, done.stderr), name, *BAD_PICTURES[name])


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("paper", "15", ("at 15 x 11", "at least 16 pixels per side")),
        ("gaussian-pyramid", "30", ("at 30 x 22", "at least 24 pixels per side")),
        ("bare", "12", ("at 12 x 9", "at least 16 pixels per side")),
    ],
)
def test_too_small_for_the_network(
    program: Program, folder: Path, name: str, size: str, words: tuple[str, ...]
) -> None:
    arguments = ("transfer", folder / "good.png", folder / "good.jpg", "-o", folder / "out.png")
    check_refused(program(*arguments, "-p", name, "--size", size), *words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-p", "papper"), ("there is no preset 'papper'", "did you mean paper?", *PRESETS)),
        (("-p", "nowhere.json"), ("the spec 'nowhere.json' cannot be read", "check the path")),
        (("--set", "network.wieghts=binary"), ("has no field 'wieghts'", "its fields are kind, channels")),
        (("--set", "network.weights.magnitude=much"), ("magnitude cannot be 'much'", "a number greater than 0")),
        (("--set", "network.weights=magic"), ("cannot be 'magic'", "one of binarized, binary, discrete")),
        (("--set", "network.weights"), ("is not an assignment", "FIELD=VALUE")),
        (("--set", "size=3", "--set", "size=4"), ("--set size is given twice; give it once",)),
        (("--size", "32", "--set", "size=4"), ("--size and --set size set the same field; give one of them",)),
        (
            ("--set", "network.bias=constant", "--set", "network.bias.value=1e300"),
            ("network.bias.value cannot be 1e+300", "from -1e+30 to 1e+30"),
        ),
        (("--set", "optimizer.range_penalty=1e300"), ("cannot be 1e+300", "from 0 to 1e+30")),
        (("--set", "size=" + "9" * 5000), ("size cannot be",)),
        (("--set", 'network={"kind":"vgg"}', "--set", "network.weights.magnitude=x"), ("magnitude cannot be 'x'",)),
        (("-o", "x" * 238 + ".png"), ("File name too long", "choose a shorter name")),
        (("-o", "x" * 300 + ".png"), ("File name too long", "choose another name")),
        (("--size", "0"), ("size cannot be 0", "a whole number from 1 to 65536")),
        (("--set", "size=true"), ("size cannot be true; it must be a whole number from 1 to 65536",)),
        (("--set", "optimizer.steps=false"), ("optimizer: steps cannot be false; it must be a whole number",)),
        (("--size", "big"), ("--size",)),
        (("--steps", "-3"), ("optimizer.steps cannot be -3", "of at least 1")),
        (("--seed", "-1"), ("seed cannot be -1", "from 0 to 2**63 - 1")),
        (("--device", "abacus"), ("there is no device 'abacus'", "auto, cpu, cuda, mps")),
        (("--precision", "half"), ("precision cannot be 'half'", "auto, float32, bf16, mixed")),
        (("--memory", "plenty"), ("memory must be a size such as 4GiB or 800MB, or auto, not 'plenty'",)),
        (("--strength", "1.5"), ("content_loss.strength cannot be 1.5",)),
        (("-p", "npnd", "--strength", "0.5"), ("does not work with style_loss=gram", "use style_loss=whitened")),
        (
            ("--strength", "0.5", "--set", "content_loss=none"),
            ("--strength and --set content_loss set the same field",),
        ),
        (
            ("--set", "network.weights=pretrained", "--set", "network.channels=[64,64,128,128,256]"),
            ("gabor_fraction=0.5",),
        ),
        (
            ("--set", "network.zero_mean_fraction=0.6"),
            ("gabor_fraction=0.5 and zero_mean_fraction=0.6 sum to more than 1",),
        ),
        (("--set", "network.kernel_size=2"), ("gabor_fraction=0.5 needs kernel_size 3",)),
        (("--memory", "1MiB"), ("1 MiB of memory is not enough for 64 x 48 pixels", "allow more with --memory")),
        (("--trained", "a.pth"), ("trained_file='a.pth' has no effect",)),
        (("--save-every", "0"), ("--save-every",)),
        (("--frobnicate",), ("No such option: --frobnicate", "--help")),
        (("-p", "paper-original"), ("needs trained VGG-19 weights", "--trained FILE or $BARESTYLE_VGG19")),
        (
            ("-p", "paper-original", "--trained", "a.pth"),
            ("there is no weights file 'a.pth'", "save torchvision's vgg19"),
        ),
    ],
)
def test_invalid_options(program: Program, folder: Path, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    before = set(folder.iterdir())
    arguments = ("transfer", folder / "good.png", folder / "good.jpg", "-o", folder / "out.png")
    check_refused(program(*arguments, *options), *words)
    assert set(folder.iterdir()) == before


def test_missing_arguments_and_commands(program: Program, folder: Path) -> None:
    check_refused(program("transfer"), "Missing argument")
    check_refused(program("transfer", folder / "good.png"), "no style is given; give an image after the content")
    check_refused(program("paint"), "No such command 'paint'")
    check_refused(program("presets", "papper"), "there is no preset 'papper'")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda tensors: tensors.pop("features.2.bias"), ("has no tensor features.2.bias", "so it is not VGG-19")),
        (
            lambda tensors: tensors.update({"features.0.weight": tensors["features.2.weight"]}),
            ("features.0.weight", "has the shape (64, 64, 3, 3), but VGG-19's is (64, 3, 3, 3)"),
        ),
    ],
    ids=["missing keys", "wrong shapes"],
)
def test_weights_that_are_not_vgg19(
    program: Program, folder: Path, spoil: Callable[[dict[str, object]], object], words: tuple[str, ...]
) -> None:
    tensors = {key: value.clone() for key, value in synthetic_vgg19().items()}
    spoil(tensors)  # type: ignore[arg-type]
    save_file({key: value.clone() for key, value in tensors.items()}, folder / "bad.safetensors")
    arguments = ("transfer", folder / "good.png", folder / "good.jpg", "-o", folder / "out.png")
    check_refused(program(*arguments, "-p", "paper-original", "--trained", folder / "bad.safetensors"), *words)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("nowhere/out.png", ("cannot write to the folder", "choose another folder, or create it")),
        ("good.png/out.png", ("cannot write to the folder",)),
        ("out.psd", ("has no image extension that can be written", ".png, .jpg, .jpeg, .tif, .tiff, .webp")),
        ("out", ("has no image extension that can be written",)),
        ("good.jpg", ("exists; choose another name, or overwrite it with --force",)),
    ],
)
def test_outputs_that_cannot_be_written(program: Program, folder: Path, output: str, words: tuple[str, ...]) -> None:
    before = set(folder.iterdir())
    arguments = ("transfer", folder / "good.png", folder / "good.png", "-o", folder / output)
    check_refused(program(*arguments), *words)
    assert set(folder.iterdir()) == before


@pytest.mark.slow
def test_a_result_too_large_for_its_file_format(program: Program, folder: Path) -> None:
    Image.fromarray(np.zeros((16, 1000, 3), np.uint8)).save(folder / "wide.png")
    arguments = ("transfer", folder / "wide.png", folder / "good.png", "-o", folder / "out.webp")
    check_refused(program(*arguments, "--size", "16384"), ".webp stores at most 16383 pixels per side, not 16384")


def test_the_pixel_limit_is_an_option(program: Program, folder: Path) -> None:
    arguments = ("transfer", folder / "good.png", folder / "good.jpg", "-o", folder / "out.png", "--size", "32")
    check_refused(program(*arguments, "--max-pixels", "3071"), "64 x 48 = 3,072 pixels", "the limit of 3,071")
    quick = ("--steps", "1", "--set", "network.channels=4")
    assert program(*arguments, *quick, "--max-pixels", "3072").code == 0


def test_debug_prints_a_traceback_too(program: Program, folder: Path) -> None:
    outcome = program("transfer", folder / "empty.png", folder / "good.png", "--debug")
    assert outcome.code == 2
    assert "Traceback" in outcome.err
    assert outcome.err.splitlines()[-1].startswith("barestyle: ")


def test_an_image_without_read_permission(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is simulated, because root may read every file."""
    whole = Path.open

    def denied(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "good.jpg":
            raise PermissionError(errno.EACCES, "Permission denied")
        return whole(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", denied)
    outcome = program("transfer", folder / "good.jpg", folder / "good.png", "-o", folder / "out.png")
    check_refused(outcome, "good.jpg' cannot be read (Permission denied); check its permissions")


def test_a_folder_without_write_permission(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", denied)
    outcome = program("transfer", folder / "good.jpg", folder / "good.png", "-o", folder / "out.png")
    check_refused(outcome, "cannot write to the folder", "(Permission denied); choose another folder")


def test_a_record_is_not_overwritten(program: Program, folder: Path) -> None:
    arguments = ("transfer", folder / "good.jpg", folder / "good.png", "-o", folder / "out.png", "--size", "32")
    (folder / "out.png.json").write_text("something of somebody's")
    check_refused(program(*arguments), "out.png.json' exists; choose another name, or overwrite it with --force")
    assert (folder / "out.png.json").read_text() == "something of somebody's"
    (folder / "out.png.json").unlink()
    (folder / "out.png.json").mkdir()
    check_refused(program(*arguments, "--force"), "out.png.json', the path of the record, is a folder")
    assert not (folder / "out.png").exists()


@pytest.mark.parametrize("name", ["good.jpg", "good.png"])
def test_an_input_is_not_overwritten(program: Program, folder: Path, name: str) -> None:
    before = (folder / name).read_bytes()
    outcome = program("transfer", folder / "good.jpg", folder / "good.png", "-o", folder / name, "--force")
    check_refused(outcome, f"{name}' is also an input; choose another name")
    assert (folder / name).read_bytes() == before


def test_unsafe_weights_files_are_refused_without_unsafe_advice(program: Program, folder: Path) -> None:
    """PyTorch's message suggests weights_only=False, which can run code in the file."""
    outcome = program(
        *("transfer", folder / "good.jpg", folder / "good.png", "-o", folder / "out.png"),
        *("--preset", "paper-original", "--trained", folder / "text.png"),
    )
    check_refused(outcome, "text.png' is not a readable PyTorch file of tensors")
    assert "weights_only" not in outcome.err


def test_earlier_snapshots_are_noticed_for_any_number_of_steps(program: Program, folder: Path) -> None:
    (folder / "out-00007.png").write_text("somebody's")
    arguments = ("transfer", folder / "good.jpg", folder / "good.png", "-o", folder / "out.png", "--size", "32")
    outcome = program(*arguments, "--steps", "100000000", "--save-every", "1")
    check_refused(outcome, "out-00007.png' exists; choose another name, or overwrite it with --force")
