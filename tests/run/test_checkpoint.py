"""Checkpoints: a resumed run ends as if it had never stopped, and bad checkpoints are refused."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from barestyle import RecordError, Result, Spec, SpecError, preset, resume, transfer, with_settings
from barestyle.optimize import Evaluate, ExplosionError, Minimizer
from barestyle.run import checkpoint as checkpoints
from tests.conftest import drawing

RUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "robust": ("npnd", "float32", {"optimizer.steps": 6}),
    "coarse to fine, bf16 first": ("bare", "mixed", {"optimizer.steps": 3, "scales.finest_steps": 4}),
    "the paper's": ("paper", "float32", {"optimizer.steps": 2, "optimizer.iterations_per_step": 4}),
    "adam": ("npnd", "float32", {"optimizer": "adam", "optimizer.steps": 4, "optimizer.learning_rate": 0.02}),
    "stalled": ("npnd", "float32", {"optimizer.tolerance": 0.2, "optimizer.patience": 2}),
    "odd sizes": ("laplacian-pyramid", "float32", {"size": 47, "optimizer.steps": 4}),
    "noise, colors, what is kept": (
        "bare",
        "float32",
        {"optimizer.steps": 2, "start": "noise", "colors": "luminance"},
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawing(48, 40, 1).save(tmp_path / "content.png")
    drawing(40, 48, 2).save(tmp_path / "style.png")
    drawing(40, 40, 3).save(tmp_path / "other.png")
    drawing(48, 40, 4).convert("L").save(tmp_path / "keep.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec_of(name: str, **settings: Any) -> Spec:
    return with_settings(preset(name).spec, {"size": 48, "network.channels": 8, **settings})


class StopAfter:
    """Asks to stop at the n-th call."""

    def __init__(self, asked: int) -> None:
        self.left = asked

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


def same(one: Result, other: Result) -> bool:
    volatile = {"seconds"}
    records = [result.record.model_dump(exclude=volatile) for result in (one, other)]
    return records[0] == records[1] and torch.equal(one.image, other.image)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_resumed_anywhere_ends_where_it_would_have_ended(name: str, folder: Path) -> None:
    chosen, precision, settings = RUNS[name]
    spec = spec_of(chosen, **settings)
    keep = "keep.png" if "kept" in name else None
    inputs: dict[str, Any] = {"precision": precision, "keep": keep}
    whole = transfer("content.png", ["style.png", "other.png"], spec, **inputs)
    for stop in range(1, len(whole.losses) + 1):
        part = transfer(
            "content.png",
            ["style.png", "other.png"],
            spec,
            checkpoint="a.checkpoint",
            checkpoint_every=1000,
            should_stop=StopAfter(stop),
            **inputs,
        )
        assert part.interrupted
        assert same(resume("a.checkpoint"), whole), f"it was stopped after {stop} of {len(whole.losses)} iterates"


def test_the_curvature_pairs_are_kept_when_float32_takes_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from the very iterate after which float32 takes over."""
    monkeypatch.setattr("barestyle.run.precision.CHECK_EVERY", 2)
    whole_size = 3 * 48 * 40
    monkeypatch.setattr(
        "barestyle.run.precision.gradient_cosine", lambda first, _, __: 0.0 if first.numel() == whole_size else 1.0
    )
    spec = spec_of("bare", **{"optimizer.steps": 3, "scales.finest_steps": 8})
    whole = transfer("content.png", "style.png", spec, precision="mixed")
    assert len(whole.record.memory_plans) > 2
    for stop in range(len(whole.losses) - 9, len(whole.losses)):
        inputs: dict[str, Any] = {"precision": "mixed", "checkpoint": "a.checkpoint", "should_stop": StopAfter(stop)}
        transfer("content.png", "style.png", spec, **inputs)
        assert same(resume("a.checkpoint"), whole), f"it was stopped after {stop} of {len(whole.losses)} iterates"


def test_a_resumed_run_uses_as_many_threads_as_before(stopped: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert resume(stopped).record.threads == before
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_restart_is_resumed_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt of a run whose first exploded."""

    class Exploding(Minimizer):
        made = 0

        def __init__(self, evaluate: Evaluate, *rest: Any) -> None:
            Exploding.made += 1
            first = Exploding.made == 1

            def sometimes(image: torch.Tensor) -> Any:
                if first:
                    raise ExplosionError(None)
                return evaluate(image)

            super().__init__(sometimes, *rest)

    spec = spec_of("paper", **{"optimizer.steps": 1, "optimizer.iterations_per_step": 4})
    monkeypatch.setattr("barestyle.run.multiscale.Minimizer", Exploding)
    whole = transfer("content.png", "style.png", spec)
    assert whole.restarts == 1
    Exploding.made = 0
    transfer("content.png", "style.png", spec, checkpoint="a.checkpoint", should_stop=StopAfter(2))
    found = resume("a.checkpoint")
    assert same(found, whole)


def test_a_checkpoint_is_written_at_its_interval(folder: Path) -> None:
    seen: list[tuple[int, int]] = []

    def look(progress: Any) -> None:
        if Path("a.checkpoint").exists():
            seen.append((progress.step, len(checkpoints.load(Path("a.checkpoint")).record.losses)))

    spec = spec_of("npnd", **{"optimizer.steps": 9, "optimizer.tolerance": 0})
    transfer("content.png", "style.png", spec, checkpoint="a.checkpoint", checkpoint_every=3, on_progress=look)
    assert seen == [(3, 3), (4, 3), (5, 3), (6, 6), (7, 6), (8, 6), (9, 9)]


def test_a_state_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    result = transfer(drawing(32, 32, 1), drawing(32, 32, 2), spec_of("npnd", **{"optimizer.steps": 1}))
    state: dict[str, Any] = {
        "a": torch.arange(6.0).view(2, 3).T,
        "b": [1, 0.1, float("inf"), None, True, "x", {"c": torch.tensor(3.5, dtype=torch.float64)}],
        "empty": {},
        "same": torch.zeros(3).bfloat16(),
    }
    checkpoints.save(tmp_path / "a", checkpoints.Checkpoint(result.record, 7, state))
    found = checkpoints.load(tmp_path / "a")
    assert found.every == 7
    assert found.record == result.record
    assert torch.equal(found.state["a"], state["a"])
    assert found.state["b"][:6] == state["b"][:6]
    assert found.state["b"][6]["c"].dtype == torch.float64
    assert found.state["same"].dtype == torch.bfloat16
    assert found.state["empty"] == {}
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.fixture
def stopped(folder: Path) -> Path:
    path = folder / "a.checkpoint"
    spec = spec_of("npnd", **{"optimizer.steps": 4})
    transfer("content.png", "style.png", spec, checkpoint=path, should_stop=StopAfter(2))
    return path


def alter(path: Path, **changes: str) -> None:
    """Change a checkpoint's metadata, with a hash to match."""
    with safe_open(path, "pt") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    metadata |= changes
    save_file(tensors, path, {**metadata, "sha256": checkpoints._hash_contents(metadata, tensors)})


def test_other_files_are_refused(stopped: Path, folder: Path) -> None:
    whole = stopped.read_bytes()
    with pytest.raises(RecordError, match="there is no checkpoint 'none'; a run with --checkpoint keeps one"):
        resume("none")
    for text in (b"", b"no checkpoint", whole[: len(whole) // 2]):
        stopped.write_bytes(text)
        with pytest.raises(RecordError, match=r"a.checkpoint' cannot be read .*; start the run again"):
            resume(stopped)
    save_file({"a": torch.zeros(2)}, stopped)
    with pytest.raises(RecordError, match="is not a barestyle checkpoint"):
        resume(stopped)


def test_a_damaged_checkpoint_is_refused(stopped: Path) -> None:
    whole = bytearray(stopped.read_bytes())
    for place in (len(whole) - 100, len(whole) // 2):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        stopped.write_bytes(damaged)
        with pytest.raises(RecordError, match=r"was damaged after it was written; start the run again|cannot be read"):
            resume(stopped)


def test_a_checkpoint_of_another_version_is_refused(stopped: Path) -> None:
    whole = stopped.read_bytes()
    alter(stopped, format="99")
    with pytest.raises(RecordError, match="is a checkpoint of format 99, not 1; resume it with the version"):
        resume(stopped)
    for name in ("barestyle", "torch"):
        stopped.write_bytes(whole)
        record = json.loads(checkpoints.load(stopped).record.to_json())
        alter(stopped, record=json.dumps({**record, "versions": {**record["versions"], name: "0.0.1"}}))
        with pytest.raises(RecordError, match=f"was written with {name} 0.0.1, but .* is installed"):
            resume(stopped)


def test_a_checkpoint_from_before_the_release_is_refused(stopped: Path) -> None:
    """It had no kind."""
    with safe_open(stopped, "pt") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del metadata["kind"]
    save_file(tensors, stopped, metadata)
    with pytest.raises(RecordError, match=r"is a checkpoint from before the first release .*; start the run again"):
        resume(stopped)


def test_a_checkpoint_of_another_picture_is_refused(stopped: Path, folder: Path) -> None:
    drawing(48, 40, 9).save(folder / "content.png")
    with pytest.raises(RecordError, match=r"is not the content that .* was made from"):
        resume(stopped)
    (folder / "content.png").unlink()
    with pytest.raises(RecordError, match="the content is no longer at"):
        resume(stopped)


def test_a_bad_interval_is_refused_before_work(folder: Path) -> None:
    for every in (0, -1, 1.5, True):
        with pytest.raises(SpecError, match="checkpoint_every cannot be"):
            transfer("content.png", "style.png", checkpoint="a", checkpoint_every=every)  # type: ignore[arg-type]


def test_a_run_continues_if_its_checkpoint_cannot_be_written(folder: Path) -> None:
    spec = spec_of("npnd", **{"optimizer.steps": 2})
    plain = transfer("content.png", "style.png", spec)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        found = transfer("content.png", "style.png", spec, checkpoint="nowhere/a.checkpoint", checkpoint_every=1)
    assert same(found, plain)
    assert "'nowhere/a.checkpoint' cannot be written" in str(notes[0].message)
    assert "the run continues" in str(notes[0].message)
    assert not [name for name in os.listdir(folder) if "part" in name]
