"""A study that is small enough to run completely in a test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest

from barestyle.study.resolve import ResolvedStudy, prepare_store, resolve_study
from barestyle.study.storage import open_storage, open_store
from barestyle.study.store import Store
from barestyle.study.yaml_loader import load

SMALL = """\
study: small
title: A small study
pairs:
  - {{content: {content}, style: {style}}}
seeds: [0, 1]
size: 32
metrics: [ssim, patches]
optimizers:
  - {{name: robust, label: robust, set: {{optimizer: lbfgs, optimizer.steps: 2}}}}
figures:
  - figure: one
    title: Channels
    panels:
      - {{variant: four, label: 4 channels, preset: npnd, set: {{network.channels: 4}}}}
      - {{variant: eight, label: 8 channels, preset: npnd, set: {{network.channels: 8}}}}
      - {{variant: gauss, label: Gaussian, preset: npnd, set: {{network.channels: 4, network.weights: gaussian}}}}
"""


@pytest.fixture
def study_file(pictures: Path, tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL.format(content=pictures / "content.png", style=pictures / "style.jpg"))
    return path


@pytest.fixture
def small(study_file: Path) -> ResolvedStudy:
    return resolve_study(load(str(study_file)), weights=None)


@pytest.fixture
def store(small: ResolvedStudy, tmp_path: Path) -> Store:
    """The store of the small study, with all cells queued."""
    opened = open_store("small", tmp_path / "store", create=True)
    assert prepare_store(small, opened) == len(small.cells)
    return opened


@pytest.fixture
def postgresql() -> Iterator[Callable[[], str]]:
    """A function that returns the URL of a PostgreSQL database; the test's studies are deleted afterwards."""
    url = os.environ.get("BARESTYLE_TEST_STORAGE")
    if not url:
        pytest.skip("no PostgreSQL database: set $BARESTYLE_TEST_STORAGE (.ci/postgresql starts one)")
    yield lambda: url
    storage = open_storage(Path(), storage=url)
    for name in optuna.get_all_study_names(storage):
        if name.startswith("test-"):
            optuna.delete_study(study_name=name, storage=storage)


@pytest.fixture
def unused_name() -> str:
    """A name for a study that no other test in the same database uses."""
    return f"test-{uuid.uuid4().hex[:12]}"
