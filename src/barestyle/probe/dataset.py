"""Labeled images: scikit-learn's digits, folders of classes, and CIFAR-10's own archive."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from barestyle.errors import ImageError

DIGITS = "digits"
"""Name of the images that come with scikit-learn: 1797 digits of 8x8 gray levels (Alpaydin & Kaynak 1998)."""

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
TEST_SHARE = 0.25
"""Of the images of each class that are set aside, if the data have no test folder."""

CIFAR_TRAIN, CIFAR_TEST = tuple(f"data_batch_{i}" for i in range(1, 6)), ("test_batch",)
"""Files of cifar-10-python.tar.gz (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html)."""


_CIFAR_ERRORS = (
    *(OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError),
    *(tarfile.TarError, pickle.UnpicklingError),
)


@dataclass(frozen=True)
class Split:
    """Images (N, 3, S, S) in 0..1, sRGB, and their classes (N,)."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Dataset:
    """Labeled images of several classes, for training and for testing."""

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split


def load_dataset(source: str, *, size: int) -> Dataset:
    """Return labeled images, resized to size x size.

    Args:
        source: "digits"; a folder or a .zip with a folder for each class, perhaps inside `train` and `test`; or
            cifar-10-python.tar.gz as it is published.
        size: side in pixels.

    Without `train` and `test`, every fourth image of each class is for testing. Raises ImageError for data that cannot
    be read, or a class with fewer than two images.
    """
    if source == DIGITS:
        return _load_digits(size)
    path = Path(source)
    if not path.exists():
        raise ImageError(f"there is no data set {source!r}; give {DIGITS}, a folder of classes, a .zip, or a .tar.gz")
    if path.is_dir():
        return _load_classes(path.name, _read_folder(path), size)
    if path.name.endswith((".tar.gz", ".tgz")):
        return _load_cifar(path, size)
    return _load_classes(path.stem, _read_zip(path), size)


def _load_digits(size: int) -> Dataset:
    from sklearn.datasets import load_digits

    data = load_digits()
    images = torch.from_numpy(data.images.astype(np.float32) / 16)[:, None].expand(-1, 3, -1, -1)
    labels = torch.from_numpy(data.target.astype(np.int64))
    is_test = _mark_test(labels)
    resized = _resize(images, size)
    return Dataset(
        DIGITS,
        tuple(str(name) for name in data.target_names),
        Split(resized[~is_test], labels[~is_test]),
        Split(resized[is_test], labels[is_test]),
    )


def _read_folder(folder: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in EXTENSIONS and path.is_file():
            yield PurePosixPath(path.relative_to(folder).as_posix()), path.read_bytes()


def _read_zip(path: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if PurePosixPath(name).suffix.lower() in EXTENSIONS:
                    yield PurePosixPath(name), archive.read(name)
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:  # RuntimeError: encrypted
        raise ImageError(
            f"{str(path)!r} cannot be read ({error}); give a folder of classes, a .zip of one, or CIFAR-10's .tar.gz"
        ) from None


def _load_classes(name: str, files: Iterator[tuple[PurePosixPath, bytes]], size: int) -> Dataset:
    """Return images whose class is the folder they are in, and whose split is the folder above, if it is one."""
    found: dict[str, dict[str, list[Tensor]]] = {"train": {}, "test": {}, "": {}}
    for path, data in files:
        if len(path.parts) < 2:
            raise ImageError(f"image {str(path)!r} of {name!r} is in no folder of a class; put it into one")
        split = path.parts[-3] if len(path.parts) > 2 and path.parts[-3] in ("train", "test") else ""
        found[split].setdefault(path.parts[-2], []).append(_decode(data, f"{name}/{path}", size))
    if (found["train"] or found["test"]) and not (found["train"] and found["test"] and not found[""]):
        raise ImageError(
            f"{name!r} has images in only one of the folders train and test, or beside them; give both, or neither"
        )
    if found["train"] and found["test"]:
        classes = tuple(sorted(found["train"]))
        if classes != tuple(sorted(found["test"])):
            raise ImageError(f"the folders train and test of {name!r} have different classes; give both the same")
        return Dataset(name, classes, _join(found["train"], classes), _join(found["test"], classes))
    classes = tuple(sorted(found[""]))
    for each in classes:
        if len(found[""][each]) < 2:
            raise ImageError(f"class {each!r} of {name!r} has one image; give it at least two, or remove it")
    if len(classes) < 2:
        raise ImageError(f"{name!r} has {len(classes)} classes; give a folder for each of at least two classes")
    both = _join(found[""], classes)
    is_test = _mark_test(both.labels)
    return Dataset(
        name,
        classes,
        Split(both.images[~is_test], both.labels[~is_test]),
        Split(both.images[is_test], both.labels[is_test]),
    )


def _join(images: dict[str, list[Tensor]], classes: tuple[str, ...]) -> Split:
    labels = [torch.full((len(images[name]),), i) for i, name in enumerate(classes)]
    return Split(torch.stack([image for name in classes for image in images[name]]), torch.cat(labels))


def _decode(data: bytes, name: str, size: int) -> Tensor:
    try:
        with Image.open(io.BytesIO(data)) as image:
            rgb = image.convert("RGB")
            rgb = rgb if rgb.size == (size, size) else rgb.resize((size, size), Image.Resampling.BICUBIC)
            return torch.from_numpy(np.asarray(rgb, dtype=np.float32) / 255).permute(2, 0, 1)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise ImageError(f"image {name!r} cannot be read ({error}); remove it or replace it") from None


def _load_cifar(path: Path, size: int) -> Dataset:
    try:
        batches = {}
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                file = archive.extractfile(member) if name in (*CIFAR_TRAIN, *CIFAR_TEST, "batches.meta") else None
                if file is not None:
                    batches[name] = _ArrayUnpickler(io.BytesIO(file.read()), encoding="bytes").load()
        classes = tuple(name.decode() for name in batches["batches.meta"][b"label_names"])
        train, test = (_join_batches([batches[name] for name in names], size) for names in (CIFAR_TRAIN, CIFAR_TEST))
    except _CIFAR_ERRORS as error:
        raise ImageError(
            f"{str(path)!r} is not CIFAR-10's archive ({type(error).__name__}: {error}); give cifar-10-python.tar.gz, "
            "a folder of classes, or a .zip of one"
        ) from None
    return Dataset("CIFAR-10", classes, train, test)


class _ArrayUnpickler(pickle.Unpickler):
    """Reads arrays and plain values only, so that an archive from anywhere cannot run code."""

    ALLOWED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    }

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it has an object of {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _join_batches(batches: list[dict[bytes, object]], size: int) -> Split:
    pixels = np.concatenate([np.asarray(batch[b"data"]) for batch in batches]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([np.asarray(batch[b"labels"]) for batch in batches])
    return Split(_resize(torch.from_numpy(pixels.astype(np.float32) / 255), size), torch.from_numpy(labels).long())


def _mark_test(labels: Tensor) -> Tensor:
    """Return which images are for testing: every fourth one of each class, at least one."""
    is_test = torch.zeros(len(labels), dtype=torch.bool)
    step = round(1 / TEST_SHARE)
    for label in torch.unique(labels):
        indices = (labels == label).nonzero()[:, 0]
        is_test[indices[min(step, len(indices)) - 1 :: step]] = True
    return is_test


def _resize(images: Tensor, size: int) -> Tensor:
    if images.shape[-1] == size:
        return images.contiguous()
    return F.interpolate(images, size=(size, size), mode="bicubic", align_corners=False).clamp(0, 1)
