"""Labeled images from folders, archives and scikit-learn."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle.errors import ImageError
from barestyle.probe.dataset import load_dataset

pytest.importorskip("sklearn", reason="scikit-learn is an extra")

COLORS = {"blue": (0, 0, 255), "red": (255, 0, 0)}


def write_classes(folder: Path, number: int, splits: tuple[str, ...] = ("",)) -> None:
    """Images of one color in a folder for each color."""
    for split in splits:
        for name, color in COLORS.items():
            (folder / split / name).mkdir(parents=True)
            for i in range(number):
                Image.new("RGB", (20, 20), color).save(folder / split / name / f"{i}.png")


def test_digits_are_split_by_class() -> None:
    data = load_dataset("digits", size=32)
    assert (len(data.train.labels), len(data.test.labels)) == (1352, 445)
    assert data.train.images.shape[1:] == (3, 32, 32)
    assert 0 <= float(data.train.images.min()) < float(data.train.images.max()) <= 1
    assert torch.bincount(data.test.labels).tolist() == [
        len(range(3, n, 4)) for n in [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    ]


def test_a_folder_of_classes(tmp_path: Path) -> None:
    write_classes(tmp_path, 8)
    data = load_dataset(str(tmp_path), size=16)
    assert data.classes == ("blue", "red")
    assert (len(data.train.labels), len(data.test.labels)) == (12, 4)
    for split in (data.train, data.test):
        for image, label in zip(split.images, split.labels.tolist(), strict=True):
            expected = torch.tensor(COLORS[data.classes[label]]) / 255
            assert torch.equal(image, expected[:, None, None].expand(3, 16, 16))


def test_folders_of_training_and_test_images_stay_apart(tmp_path: Path) -> None:
    write_classes(tmp_path, 3, ("train", "test"))
    data = load_dataset(str(tmp_path), size=20)
    assert (len(data.train.labels), len(data.test.labels)) == (6, 6)


def test_a_zip_gives_the_same_as_its_folder(tmp_path: Path) -> None:
    write_classes(tmp_path / "set", 4)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted((tmp_path / "set").rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path))
    folder, zipped = (load_dataset(str(tmp_path / name), size=16) for name in ("set", "set.zip"))
    assert zipped.classes == folder.classes
    assert torch.equal(zipped.train.images, folder.train.images)
    assert torch.equal(zipped.test.labels, folder.test.labels)


def write_cifar(path: Path, batches: dict[str, object]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in batches.items():
            data = pickle.dumps(content)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def make_batches() -> tuple[dict[str, object], np.ndarray]:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 2, 3072), dtype=np.uint8)
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    batches: dict[str, object] = {name: {b"data": pixels[i], b"labels": [0, 1]} for i, name in enumerate(names)}
    batches["batches.meta"] = {b"label_names": [b"airplane", b"automobile"]}
    return batches, pixels


def test_the_archive_of_cifar_10(tmp_path: Path) -> None:
    batches, pixels = make_batches()
    write_cifar(tmp_path / "cifar-10-python.tar.gz", batches)
    data = load_dataset(str(tmp_path / "cifar-10-python.tar.gz"), size=32)
    assert data.classes == ("airplane", "automobile")
    assert (len(data.train.labels), len(data.test.labels)) == (10, 2)
    expected = torch.from_numpy(pixels[5, 1].reshape(3, 32, 32)) / 255
    assert torch.allclose(data.test.images[1], expected)


def test_an_archive_cannot_run_code(tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    batches, _ = make_batches()
    write_cifar(tmp_path / "bad.tar.gz", {**batches, "batches.meta": Malicious()})
    with pytest.raises(ImageError, match="is not CIFAR-10's archive"):
        load_dataset(str(tmp_path / "bad.tar.gz"), size=32)
    assert not (tmp_path / "ran").exists()


def test_data_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    def refuse(source: Path, words: str) -> None:
        with pytest.raises(ImageError, match=words) as refusal:
            load_dataset(str(source), size=16)
        assert "\n" not in str(refusal.value)

    refuse(tmp_path / "nowhere", "there is no data set .*; give digits, a folder of classes")
    (tmp_path / "text.zip").write_text("this is not an archive")
    refuse(tmp_path / "text.zip", "cannot be read")
    (tmp_path / "text.tar.gz").write_text("this is not an archive")
    refuse(tmp_path / "text.tar.gz", "is not CIFAR-10's archive")
    write_classes(tmp_path / "few", 1)
    refuse(tmp_path / "few", "class 'blue' of 'few' has one image; give it at least two, or remove it")
    (tmp_path / "empty").mkdir()
    refuse(tmp_path / "empty", "has 0 classes; give a folder for each of at least two classes")
    write_classes(tmp_path / "broken", 2)
    (tmp_path / "broken" / "red" / "0.png").write_text("this is not an image")
    refuse(tmp_path / "broken", "image 'broken/red/0.png' cannot be read")
    write_classes(tmp_path / "half", 2, ("train", "val"))
    refuse(tmp_path / "half", "has images in only one of the folders train and test, or beside them")
    (tmp_path / "flat").mkdir()
    Image.new("RGB", (16, 16)).save(tmp_path / "flat" / "0.png")
    refuse(tmp_path / "flat", "is in no folder of a class; put it into one")
    write_classes(tmp_path / "uneven", 2, ("train", "test"))
    (tmp_path / "uneven" / "test" / "red").rename(tmp_path / "uneven" / "test" / "green")
    refuse(tmp_path / "uneven", "the folders train and test of 'uneven' have different classes")
