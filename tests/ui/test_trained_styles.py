"""The trained styles of a session: what is stored, what is refused in a sentence, and what is removed."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from barestyle import samples
from barestyle.errors import BarestyleError, StyleFileError
from barestyle.feed_forward import load_style
from barestyle.ui import trained_styles
from barestyle.ui.trained_styles import TrainedStyleStore, find_shipped, list_shipped
from tests.feed_forward.cases import make_style


def test_the_shipped_styles_are_those_of_the_command() -> None:
    shipped = list_shipped()
    assert [style.file.stem for style in shipped.values()] == list(samples.STYLES)
    for style in shipped.values():
        (entry,) = style.describe()
        assert entry["like"] == f"style:{entry['title']}", "its picture is that of the style"
        assert style.info.names == load_style(style.file).names


def test_a_shipped_style_that_cannot_be_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others stay, the server's log says why, and asking for it by name is refused in a sentence."""
    damaged = tmp_path / "mosaic.style"
    damaged.write_bytes(b"damaged")
    original = samples.trained_style
    monkeypatch.setattr(samples, "trained_style", lambda name: damaged if name == "mosaic" else original(name))
    list_shipped.cache_clear()
    try:
        assert [style.file.stem for style in list_shipped().values()] == [
            name for name in samples.STYLES if name != "mosaic"
        ]
        assert "'mosaic.style' is not a trained style, or is damaged" in caplog.text
        with pytest.raises(StyleFileError, match=r"^'mosaic.style' is not a trained style, or is damaged"):
            find_shipped("mosaic")
    finally:
        list_shipped.cache_clear()


def test_a_file_is_stored_once_and_found_by_the_next_server(tmp_path: Path) -> None:
    upload, copy = tmp_path / "both.style", tmp_path / "copy.style"
    make_style(names=("sea", "sky")).save(upload)
    shutil.copyfile(upload, copy)
    store = TrainedStyleStore(tmp_path / "store")
    added = store.add(upload)
    assert store.add(copy) == added
    assert [entry["title"] for entry in added.describe()] == ["sea", "sky"]
    assert len(store.describe()) == 2 + len(samples.STYLES)
    (again,) = TrainedStyleStore(tmp_path / "store").all
    assert again == added
    upload.unlink()
    assert load_style(again.file).names == ("sea", "sky")


def test_a_file_with_one_style_is_called_by_its_name(tmp_path: Path) -> None:
    upload = tmp_path / "waves.style"
    shutil.copyfile(samples.trained_style("mosaic"), upload)
    (entry,) = TrainedStyleStore(tmp_path / "store").add(upload).describe()
    assert (entry["title"], entry["name"]) == ("waves", "mosaic")


def _write_text(path: Path) -> None:
    path.write_text("Dear Sir or Madam")


def _write_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": [1, 2]}))


def _write_checkpoint(path: Path) -> None:
    torch.save({"weight": torch.ones(2)}, path)


def _write_other_tensors(path: Path) -> None:
    save_file({"weight": torch.ones(2)}, path)


def _write_newer_version(path: Path) -> None:
    save_file({"weight": torch.ones(2)}, path, {"kind": "barestyle-style", "format": "99"})


def _write_large(path: Path) -> None:
    path.write_bytes(b"x" * (trained_styles.MAX_BYTES + 1_000_000))


@pytest.mark.parametrize(
    ("write", "name", "message"),
    [
        (_write_text, "letter.style", "'letter.style' is not a trained style, or is damaged; give a .style file"),
        (_write_text, "letter.txt", "'letter.txt' is not a trained style; choose a .style file"),
        (_write_pickle, "old.style", "'old.style' is not a trained style, or is damaged"),
        (_write_checkpoint, "model.style", "'model.style' is not a trained style, or is damaged"),
        (_write_other_tensors, "vgg.style", "'vgg.style' is a safetensors file, but not a trained style"),
        (_write_newer_version, "next.style", "'next.style' has format '99', and this version of barestyle reads '3'"),
        (_write_large, "huge.style", "'huge.style' has 9 MB, and the page takes trained styles of up to 8 MB"),
    ],
)
def test_other_files_are_refused_by_their_names(
    write: Callable[[Path], None], name: str, message: str, tmp_path: Path
) -> None:
    """Without the server's folders in the sentence, and nothing is left of them."""
    write(tmp_path / name)
    store = TrainedStyleStore(tmp_path / "store")
    with pytest.raises(BarestyleError) as refusal:
        store.add(tmp_path / name)
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)
    assert store.all == []
    assert not (tmp_path / "store").exists()


def test_the_oldest_files_that_nothing_uses_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_styles, "MAX_FILES", 2)
    store = TrainedStyleStore(tmp_path / "store")
    styles = []
    for seed in range(4):
        make_style(seed=seed).save(tmp_path / f"{seed}.style")
        styles.append(store.add(tmp_path / f"{seed}.style"))
    store.keep_only({styles[0].info.id})
    assert store.all == [styles[0], styles[3]]
    assert not styles[1].file.exists()
    assert TrainedStyleStore(tmp_path / "store").find(styles[0].info.id) == styles[0]
