"""A study that is small enough to run completely in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import Client

from barestyle.study.cell import Cell, CellResult
from barestyle.study.cluster import open_local_client
from barestyle.study.engine import make_job
from barestyle.study.resolve import ResolvedStudy, declare, resolve_study
from barestyle.study.run_cell import Job, run_cell
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

RunHere = Callable[..., list[CellResult]]


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
    """The store of the small study, without results."""
    opened = Store(tmp_path / "store")
    declare(small, opened)
    return opened


def prepare_jobs(resolved: ResolvedStudy, store: Store, inputs: Path) -> list[Job]:
    """The jobs of all cells, after writing the images' files as a worker has them."""
    inputs.mkdir(exist_ok=True)
    for image in resolved.images.values():
        (inputs / image.sha256).write_bytes(image.data)
    return [make_job(cell, resolved, store, None) for cell in resolved.cells]


def folder_of(store: Store) -> Path:
    """The folder of a store on the local disk."""
    assert store.folder.path is not None
    return store.folder.path


@pytest.fixture
def run_here(tmp_path: Path) -> RunHere:
    """A function that runs the cells of a study in this process, without a cluster, and stores their results."""

    def run(resolved: ResolvedStudy, store: Store, cells: list[Cell] | None = None) -> list[CellResult]:
        wanted = None if cells is None else {cell.key for cell in cells}
        for job in prepare_jobs(resolved, store, tmp_path / "worker"):
            if wanted is None or job.cell.key in wanted:
                store.write_result(*run_cell(job, tmp_path / "worker"))
        return store.read_results()

    return run


@pytest.fixture(scope="session")
def local_client() -> Iterator[Client]:
    """A client of two worker processes on this machine."""
    with open_local_client(2) as client:
        yield client
