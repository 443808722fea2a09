"""The file of a trained style: what was saved comes back, and nothing else is taken for it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from barestyle.errors import OutputError, SpecError, StyleFileError
from barestyle.feed_forward import load_style
from tests.feed_forward.cases import make_image, make_style

Tensors = dict[str, Tensor]
Metadata = dict[str, str]


def save_changed(path: Path, change: Callable[[Tensors, Metadata], None]) -> Path:
    """Save a style, and again with a change of its tensors or its metadata."""
    make_style().save(path)
    with safe_open(path, "pt") as file:
        metadata, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(tensors, metadata)
    save_file(tensors, path, metadata)
    return path


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    """The weights of `make_style` are in half precision already."""
    style, path = make_style(), tmp_path / "sunset.style"
    style.save(path)
    loaded = load_style(path)
    assert (loaded.names, loaded.record, loaded.network.shape) == (style.names, style.record, style.network.shape)
    image, weights = make_image(20, 24), style.mix({"style 2": 1})
    torch.testing.assert_close(loaded.network(image, weights), style.network(image, weights))
    assert not loaded.network.training
    with pytest.raises(OutputError, match="cannot be written"):
        style.save(tmp_path / "none" / "sunset.style")


def _spoil_weights(tensors: Tensors, _: Metadata) -> None:
    tensors["output.core"][0, 0, 0, 0] = float("nan")


def _drop_tensor(tensors: Tensors, _: Metadata) -> None:
    del tensors["output.core"]


def _set(name: str, value: object) -> Callable[[Tensors, Metadata], None]:
    return lambda _, metadata: metadata.update({name: value if isinstance(value, str) else json.dumps(value)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_spoil_weights, "is damaged"),
        (_drop_tensor, "is damaged"),
        (lambda _, metadata: metadata.pop("names"), "is damaged"),
        (_set("names", ["one"]), "is damaged"),
        (_set("names", [1, 2]), "is damaged"),
        (_set("names", "12"), "is damaged"),
        (_set("names", {"a": 1, "b": 2}), "is damaged"),
        (_set("names", ["a", "a"]), "is damaged"),
        (_set("names", ["a", ""]), "is damaged"),
        (_set("names", ["a", "b\0"]), "is damaged"),
        (_set("names", ["a", "\ud800"]), "is damaged"),
        (_set("names", ["a", 101 * "b"]), "is damaged"),
        (_set("names", "no JSON"), "is damaged"),
        (_set("record", [1]), "is damaged"),
        (_set("shape", {"widths": [4, 6, 8, 16], "blocks": [1, 1, 1], "styles": 2}), "is damaged"),
        (_set("shape", {"widths": [10**9, 6, 8, 10], "blocks": [1, 1, 1], "styles": 2}), "is damaged"),
        (_set("shape", {"widths": [4, 6, 8], "blocks": [1, 1, 1], "styles": 2}), "is damaged"),
        (_set("shape", {"widths": [4, 6, 8, 10], "blocks": [1, 1000, 1], "styles": 2}), "is damaged"),
        (_set("shape", {"widths": [1024, 6, 8, 10], "blocks": [1, 1, 1], "styles": 2}), "is damaged"),
        (_set("shape", '{"widths": [1e999, 6, 8, 10], "blocks": [1, 1, 1], "styles": 2}'), "is damaged"),
        (_set("shape", []), "is damaged"),
        (_set("format", "1"), "has format '1', and this version of barestyle reads '3'; install the version"),
        (_set("kind", "another"), "is a safetensors file, but not a trained style"),
        (lambda _, metadata: metadata.clear(), "is a safetensors file, but not a trained style"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, change: Callable[[Tensors, Metadata], None], words: str) -> None:
    path = save_changed(tmp_path / "sunset.style", change)
    with pytest.raises(StyleFileError, match=words):
        load_style(path)


@pytest.mark.parametrize("length", [0, 7, 100, -1])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "sunset.style"
    make_style().save(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(StyleFileError, match="is not a trained style, or is damaged"):
        load_style(path)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return (Path.touch, (tmp_path / "touched",))  # type: ignore[return-value]

    (tmp_path / "pickle.style").write_bytes(pickle.dumps(Harmful()))
    torch.save({"output.core": torch.ones(3)}, tmp_path / "torch.style")
    for name in ("pickle.style", "torch.style"):
        with pytest.raises(StyleFileError, match="is not a trained style, or is damaged"):
            load_style(tmp_path / name)
    assert not (tmp_path / "touched").exists()


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.style", tmp_path):
        with pytest.raises(StyleFileError, match=r"there is no file .* give a \.style file"):
            load_style(path)


def test_weights_add_to_one() -> None:
    style = make_style()
    assert style.mix().tolist() == [[0, 1, 0]]
    torch.testing.assert_close(style.mix({"style 1": 1, "style 2": 3}, 0.8), torch.tensor([[0.2, 0.2, 0.6]]))
    for weights, strength, words in (
        ({"style 3": 1.0}, 1.0, "this file has no style 'style 3'; it has style 1, style 2"),
        ({"style 1": -1.0}, 1.0, "the weight of 'style 1' cannot be -1.0"),
        ({"style 1": float("nan")}, 1.0, "cannot be nan"),
        ({"style 1": 0.0}, 1.0, "all weights of styles are 0"),
        (None, 1.5, "strength cannot be 1.5; it must be from 0 to 1"),
        (None, float("nan"), "strength cannot be nan"),
    ):
        with pytest.raises(SpecError, match=words):
            style.mix(weights, strength)


def test_a_small_file_that_claims_a_large_network_takes_no_memory(tmp_path: Path) -> None:
    """Of 1.2 billion weights, 4.9 GB."""
    shape = {"widths": [8, 32, 64, 1024], "blocks": [1, 64, 1], "styles": 2}
    path = save_changed(tmp_path / "large.style", _set("shape", shape))
    code = (
        "import resource, sys\n"
        "from barestyle.errors import StyleFileError\n"
        "from barestyle.feed_forward import load_style\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "try:\n"
        "    load_style(sys.argv[1])\n"
        "except StyleFileError as error:\n"
        "    print(peak() - before, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    growth, _, message = done.stdout.partition(" ")
    assert message.startswith(f"'{path}' is damaged")
    assert int(growth) < 300_000, "KiB"
