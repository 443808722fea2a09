"""Loss and gradient of an image whose rows are split among processes: those of one process, for every network.

The oracle is the objective of one process in float64, which tests/objective compares with plain autograd.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from barestyle.distributed import ProcessGroup, RowShard
from barestyle.losses import Region, StyleImage
from barestyle.networks import Network, Size, build_network
from barestyle.objective import Evaluation, Objective, Tiling, build_objective
from barestyle.spec import Spec
from tests.distributed.processes import run_processes
from tests.objective.cases import LOSSES, NETWORKS, build_spec, draw_image, draw_style

HEIGHT, WIDTH = 61, 37

CASES = [(network, losses, masked) for network in NETWORKS for losses in LOSSES for masked in (False, True)]
Case = tuple[str, str, bool]


@pytest.fixture(scope="module")
def expected_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of what one process computes in each case: the loss, its parts, and the gradient."""
    file = tmp_path_factory.mktemp("expected") / "cases.pt"
    expected: dict[Case, dict[str, object]] = {}
    for case in CASES:
        spec, network = _build_network(*case[:2])
        evaluation = _build(spec, network, case[2], ProcessGroup()).evaluate(draw_image(HEIGHT, WIDTH, 2))
        expected[case] = dict(vars(evaluation))
    torch.save(expected, file)
    return file


@pytest.mark.parametrize("size", [2, 3, 4])
def test_processes_compute_what_one_does(size: int, expected_file: Path) -> None:
    """Odd sizes, styles of other sizes, regions, tiles, and parts that are thinner than what a network sees."""
    cases = _select_cases(size)
    for errors in run_processes(_compare_all, size, expected_file):
        assert len(errors) == len(cases)
        for case, (loss, parts, gradient) in errors.items():
            assert max(loss, parts, gradient) < 1e-9, (case, loss, parts, gradient)


def _select_cases(size: int) -> list[Case]:
    """Return all cases for two processes, and a third of them for more, which take longer: another third for each."""
    return CASES if size == 2 else CASES[size % 3 :: 3]


def _compare_all(group: ProcessGroup, expected_file: Path) -> dict[Case, tuple[float, float, float]]:
    expected = torch.load(expected_file)
    return {case: _compare(group, case, Evaluation(**expected[case])) for case in _select_cases(group.size)}


def _compare(group: ProcessGroup, case: Case, expected: Evaluation) -> tuple[float, float, float]:
    """Return the largest relative error of the loss, of its parts, and of the gradient of this process's rows."""
    spec, network = _build_network(*case[:2])
    objective = _build(spec, network, case[2], group)
    assert objective.shard is not None
    own = objective.shard.crop(draw_image(HEIGHT, WIDTH, 2)).clone()
    actual = [objective.evaluate(own) for _ in range(2)][-1]  # the second reuses the memory of the first
    return _measure_errors(actual, expected, objective.shard)


def _build_network(network: str, losses: str) -> tuple[Spec, Network]:
    spec = build_spec(network, losses)
    return spec, build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()


def _build(spec: Spec, network: Network, masked: bool, group: ProcessGroup) -> Objective:
    shard, style_shard = RowShard.split(HEIGHT, group, alignment=4), RowShard.split(45, group)
    content, style, other = draw_image(HEIGHT, WIDTH, 0), draw_style(45, 26, 1), draw_image(31, 40, 3).mean(1, True)
    regions = [Region((_share(style, style_shard),))]
    if masked:
        left = (torch.arange(WIDTH) < 17).double().expand(1, 1, HEIGHT, WIDTH) * 0.75
        gray = _share(other.expand(-1, 3, -1, -1), RowShard.split(31, group))
        regions = [
            Region((_share(style, style_shard),), shard.crop(left).clone(), 0.5),
            Region((gray, _share(style, style_shard)), shard.crop(1 - left).clone()),
        ]
    tiling = Tiling(Size(13, 20), 2) if masked else Tiling()
    return build_objective(spec, network, shard.crop(content).clone(), regions, tiling=tiling, shard=shard)


def _share(style: Tensor, shard: RowShard) -> StyleImage:
    mask = (
        torch.linspace(0, 1, style.shape[-2], dtype=torch.float64).view(1, 1, -1, 1).expand(-1, -1, -1, style.shape[-1])
    )
    return StyleImage(shard.crop(style).clone(), shard.crop(mask).clone(), 0.5, shard)


def _measure_errors(actual: Evaluation, expected: Evaluation, shard: RowShard) -> tuple[float, float, float]:
    assert set(actual.parts) == set(expected.parts)
    pairs = [(actual.parts[name], part) for name, part in expected.parts.items()]
    loss, *parts = (float((one - other).abs() / other) for one, other in [(actual.loss, expected.loss), *pairs])
    gradient = (actual.gradient - shard.crop(expected.gradient)).norm() / expected.gradient.norm()
    return loss, max(parts), float(gradient)
