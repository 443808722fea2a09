"""The loop of a run: progress, stopping, restarts, and errors with a remedy."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from barestyle import Progress, Spec, preset, transfer, with_settings
from barestyle.distributed import RowShard
from barestyle.errors import DeviceError, DivergedError
from barestyle.losses import GuideMaps
from barestyle.networks import Network, build_network
from barestyle.objective import Evaluation, Tiling, build_objective
from barestyle.objective.plane_parts import PlaneRows
from barestyle.stop_reasons import StopReason
from tests.run.conftest import quick_spec


def test_progress_says_where_the_run_stands(content_image: Image.Image, style_image: Image.Image) -> None:
    seen: list[Progress] = []
    result = transfer(
        content_image, style_image, quick_spec("bare", smoothness="total-variation"), on_progress=seen.append
    )
    assert [one.step for one in seen] == [0, 1, 2, 3]
    assert tuple(one.loss for one in seen) == result.losses
    assert seen[-1].steps == 3
    assert seen[-1].evaluations == result.evaluations >= 4
    assert set(seen[0].parts) == {"style", "content", "smoothness"}
    assert seen[0].gradient_norm > 0
    assert sorted(one.seconds for one in seen) == [one.seconds for one in seen]
    assert seen[0].picture().shape == result.image.shape
    assert torch.equal(seen[-1].picture(), result.image)


def test_stopping_keeps_the_best_picture_so_far(content_image: Image.Image, style_image: Image.Image) -> None:
    seen: list[Progress] = []
    spec = quick_spec("bare", optimizer__steps=50)
    result = transfer(content_image, style_image, spec, on_progress=seen.append, should_stop=lambda: len(seen) == 3)
    assert result.interrupted
    assert result.stop_reason is StopReason.INTERRUPTED
    assert "interrupted" in result.reason
    assert len(result.losses) == 3
    assert torch.equal(result.image, transfer(content_image, style_image, quick_spec("bare", optimizer__steps=2)).image)


def test_stopping_the_papers_optimizer_keeps_the_best_picture(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    """Its losses go up and down; a run that is stopped after a rise returns the picture before it."""
    spec = with_settings(preset("paper").spec, {"size": 64, "network.channels": 1, "network.pooling": "none"})
    seen: list[Progress] = []
    pictures: list[torch.Tensor] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress)
        pictures.append(progress.picture())

    result = transfer(
        *(content_image, style_image, spec),
        on_progress=on_progress,
        should_stop=lambda: len(seen) > 3 and seen[-1].loss > seen[-2].loss,
    )
    losses = [one.loss for one in seen]
    assert losses[-1] > min(losses), "the case that the test is about"
    assert torch.equal(result.image, pictures[losses.index(min(losses))])


def test_a_run_without_a_step_keeps_its_trace(content_image: Image.Image) -> None:
    result = transfer(content_image, content_image, quick_spec("paper"))
    assert len(result.losses) == result.evaluations


class Exploding:
    """Objectives that explode at their second evaluation in the first `times` attempts; remembers each attempt."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.networks: list[Network] = []
        self.starts: list[torch.Tensor] = []
        self._times = times
        module = sys.modules["barestyle.run.multiscale"]
        self._assemble = build_objective
        monkeypatch.setattr(module, "build_objective", self)

    def __call__(
        self,
        spec: Spec,
        network: Network,
        content: torch.Tensor,
        style: torch.Tensor,
        *,
        tiling: Tiling,
        guides: list[GuideMaps] | None,
        shard: RowShard | None,
    ) -> SimpleNamespace:
        self.networks.append(network)
        objective = self._assemble(spec, network, content, style, tiling=tiling, guides=guides, shard=shard)
        attempt, seen = len(self.networks), 0
        whole = objective.evaluate

        def evaluate(image: torch.Tensor) -> Evaluation:
            nonlocal seen
            seen += 1
            if seen == 1:
                self.starts.append(image.clone())
            found = whole(image)
            if attempt <= self._times and seen == 2:
                return Evaluation(torch.tensor(torch.inf), found.parts, found.gradient)
            return Evaluation(torch.tensor(5.0) if attempt <= self._times else found.loss, found.parts, found.gradient)

        return SimpleNamespace(evaluate=evaluate, tiling=tiling)


def test_an_explosion_draws_new_filters_and_a_repeated_one_perturbs_the_start(
    content_image: Image.Image, style_image: Image.Image, content: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paper, section 3; the attempts before the last end on the same loss."""
    exploding = Exploding(monkeypatch, times=2)
    result = transfer(content_image, style_image, quick_spec("paper", size=64), seed=5)
    assert (result.restarts, result.record.network_seed, result.record.perturbed) == (2, 7, True)
    weights = [next(network.buffers()) for network in exploding.networks]
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights[1], next(build_network(result.spec.network, seed=6, deepest_layer=5).buffers()))
    assert torch.equal(exploding.starts[0], content)
    assert torch.equal(exploding.starts[1], content)
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(7))
    assert torch.allclose(exploding.starts[2], 0.9 * content + 0.1 * noise, atol=1e-6)
    assert len(result.losses) == result.evaluations, "the trace is that of the last attempt"


def test_an_explosion_at_every_start_is_an_error(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = quick_spec("paper", network__weights__magnitude=1e9, optimizer__restarts=2)
    with pytest.raises(DivergedError, match=r"every start \(3 in all\); .*, or the robust optimizer=lbfgs") as raised:
        transfer(content_image, style_image, spec)
    assert raised.value.stop_reason is StopReason.RESTARTS_EXHAUSTED


def test_style_features_that_overflow_are_an_error(content_image: Image.Image, style_image: Image.Image) -> None:
    with pytest.raises(
        DivergedError, match=r"features of the style are infinite or NaN; use smaller weights"
    ) as raised:
        transfer(content_image, style_image, quick_spec("bare", network__weights__magnitude=1e12))
    assert raised.value.stop_reason is StopReason.STYLE_NOT_FINITE


def test_the_networks_statistics_are_computed_once(
    content_image: Image.Image, style_image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One forward pass of the style, and one for each evaluation."""
    passes = 0
    whole = PlaneRows.split

    def counted(self: PlaneRows, rows: torch.Tensor) -> list[torch.Tensor]:
        nonlocal passes
        passes += 1
        return whole(self, rows)

    monkeypatch.setattr(PlaneRows, "split", counted)
    result = transfer(content_image, style_image, quick_spec("bare"))
    assert passes == result.evaluations + 1


def test_a_preview_cannot_spoil_the_result(content_image: Image.Image, style_image: Image.Image) -> None:
    expected = transfer(content_image, style_image, quick_spec("bare")).image

    def spoil(progress: Progress) -> None:
        progress.picture().zero_()

    spoiled = transfer(content_image, style_image, quick_spec("bare"), on_progress=spoil)
    assert torch.equal(spoiled.image, expected)


def test_too_little_memory_is_an_error_with_a_remedy(
    content_image: Image.Image, style_image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate ...")

    monkeypatch.setattr(PlaneRows, "split", exhausted)
    with pytest.raises(DeviceError, match="cpu has too little memory for this network at 64 x 48 pixels, even with"):
        transfer(content_image, style_image, quick_spec("bare"))
