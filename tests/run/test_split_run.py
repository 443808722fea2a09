"""Whole runs on several processes: the picture of one process, to rounding, also after an interruption."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import ColorMask, resume, transfer
from barestyle.distributed import ProcessGroup
from barestyle.errors import ImageError, OutputError, RecordError, SpecError
from barestyle.hardware.threads import use_threads
from barestyle.images import read
from barestyle.presets import preset
from barestyle.run import record as records
from barestyle.spec import Spec, with_settings
from tests.conftest import drawing
from tests.distributed.processes import run_processes

pytestmark = pytest.mark.processes

TOLERANCE = 0.5 / 255
"""Mean difference of two pictures. Rounding decides little until the last scale, and that has few steps."""

BARE = {"size": 96, "optimizer.steps": 8, "scales.finest_steps": 4, "scales.count": 2}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "bare": (BARE, {}),
    "masks, several styles, protected pixels": (
        {**BARE, "content_loss.strength": 0.7},
        {"style": ["style.png", "other.png"], "masks": ["left.png", None], "keep": "keep.png"},
    ),
    "masks by color": (
        BARE,
        {
            "style": ["style.png", "other.png"],
            "masks": [("map.png", "#ff0000"), None],
            "keep": ("map.jpg", "#0000ff"),
        },
    ),
    "noise, Adam": ({"size": 96, "optimizer": "adam", "optimizer.steps": 6, "start": "noise", "scales": "single"}, {}),
    "start, luminance colors": ({**BARE, "colors": "luminance", "colors.when": "after"}, {"start": "start.png"}),
    "pyramid, Gram loss": (
        {"network": "pyramid", "network.channels": 8, "style_loss": "gram", "content_loss": "features", **BARE},
        {},
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures and masks, one of them transparent."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate(("content.png", "style.png", "other.png", "start.png")):
        drawing(*((90, 120) if name in ("content.png", "start.png") else (100, 80)), seed).save(folder / name)
    left = np.zeros((120, 90), np.uint8)
    left[:, :40] = 255
    Image.fromarray(left).save(folder / "left.png")
    Image.fromarray(left.T.reshape(120, 90) // 2).save(folder / "keep.png")
    labels = Image.new("RGB", (90, 120), "yellow")
    labels.paste((255, 0, 0), (0, 0, 40, 70))
    labels.paste((0, 0, 255), (50, 80, 90, 120))
    labels.save(folder / "map.png")
    labels.save(folder / "map.jpg")
    return folder


def build_spec(settings: dict[str, Any]) -> Spec:
    return with_settings(preset("bare").spec, settings)


def paint(folder: Path, case: str, group: ProcessGroup | None, **options: Any) -> Any:
    """The result of a case, whose files are in a folder."""
    settings, inputs = CASES[case]

    def locate(value: Any) -> Any:
        if isinstance(value, tuple):
            return ColorMask(folder / value[0], *value[1:])
        return [locate(each) for each in value] if isinstance(value, list) else value and folder / value

    located = {name: locate(value) for name, value in {"style": "style.png", **inputs}.items()}
    return transfer(
        folder / "content.png", spec=build_spec(settings), precision="float32", group=group, **located, **options
    )


def count_shared_threads(size: int) -> int:
    """The threads with which small scales are computed: another number would round differently."""
    return min(size, len(os.sched_getaffinity(0)))


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 3])
def test_the_picture_is_that_of_one_process(folder: Path, tmp_path: Path, size: int) -> None:
    assert run_processes(_paint_all, size, folder, tmp_path) == ["done"] * size
    for number, case in enumerate(CASES):
        with use_threads(count_shared_threads(size)):
            expected = paint(folder, case, None)
        path = tmp_path / f"{number}.png"
        assert float((read(path).pixels - expected.image).abs().mean()) < TOLERANCE, case
        record = records.find(path)
        assert record.processes == size
        assert (record.width, record.height) == (72, 96)
        assert record.losses == pytest.approx(expected.losses, rel=0.02)


def _paint_all(group: ProcessGroup, folder: Path, target: Path) -> str:
    for number, case in enumerate(CASES):
        result = paint(folder, case, group)
        result.save(target / f"{number}.png")
        assert result.shard is not None
        assert result.image.shape[-2] == result.shard.bottom - result.shard.top
    return "done"


@pytest.mark.slow
def test_any_number_of_processes_continues_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    """The same number bit for bit, others to rounding; in the middle of the last scale, where it is split."""
    for case in ("bare", "noise, Adam"):
        run_processes(_interrupt, 2, folder, case, tmp_path / "a")
        with use_threads(count_shared_threads(2)):
            whole = paint(folder, case, None)
        names = sorted(path.name for path in tmp_path.iterdir())
        assert len(names) == 3, "a list, and a file of each process"
        (same, *_) = run_processes(_continue, 2, tmp_path / "a")
        (unbroken, *_) = run_processes(_paint_one, 2, folder, case)
        assert torch.equal(same, unbroken)
        for size in (1, 3):
            parts = [resume(tmp_path / "a").image] if size == 1 else run_processes(_continue, size, tmp_path / "a")
            assert float((torch.cat(parts, dim=2) - whole.image).abs().mean()) < TOLERANCE, (case, size)
        for path in tmp_path.iterdir():
            path.unlink()


def _interrupt(group: ProcessGroup, folder: Path, case: str, checkpoint: Path) -> None:
    steps = 0

    def should_stop() -> bool:
        nonlocal steps
        steps += 1
        return steps > 10 or (case != "bare" and steps > 4)

    paint(folder, case, group, checkpoint=checkpoint, checkpoint_every=100, should_stop=should_stop)


def _paint_one(group: ProcessGroup, folder: Path, case: str) -> torch.Tensor:
    image: torch.Tensor = paint(folder, case, group).image
    return image


def _continue(group: ProcessGroup, checkpoint: Path) -> torch.Tensor:
    """Without another checkpoint: this one is needed again."""
    return resume(checkpoint, checkpoint_every=10**6, group=group).image


def test_bad_input_is_refused_on_all_processes(folder: Path, tmp_path: Path) -> None:
    assert run_processes(_refuse, 2, folder, tmp_path) == ["done"] * 2


def _refuse(group: ProcessGroup, folder: Path, target: Path) -> str:
    content, style = folder / "content.png", folder / "style.png"
    cases: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (SpecError, "paper-lbfgs cannot be split", {"spec": "paper"}),
        (SpecError, "colors=matched needs the whole", {"spec": build_spec({"colors": "matched"})}),
        (
            SpecError,
            "colors=luminance needs the whole",
            {"spec": build_spec({"colors": "luminance", "colors.when": "before"})},
        ),
        (ImageError, "completely black", {"masks": [np.zeros((120, 90), np.uint8)]}),
        (ImageError, "is in color, and a mask must be gray", {"masks": [folder / "map.png"]}),
        (ImageError, "no pixel of the color #00ff00", {"masks": [ColorMask(folder / "map.png", "lime")]}),
        (ImageError, "completely white", {"keep": np.full((120, 90), 255, np.uint8)}),
        (ImageError, "missing.png", {"start": folder / "missing.png"}),
    ]
    for kind, message, options in cases:
        with pytest.raises(kind, match=message):
            transfer(content, style, group=group, **options)
    with pytest.raises(RecordError, match="there is no checkpoint"):
        resume(target / "nothing", group=group)
    result = transfer(content, style, build_spec({"size": 96, "optimizer.steps": 1, "scales": "single"}), group=group)
    with pytest.raises(OutputError, match=r"a few rows at a time.*\.png, \.tif"):
        result.save(target / "a.jpg")
    with pytest.raises(OutputError, match="nowhere"):
        result.save(target / "nowhere" / "a.png")
    assert list(target.iterdir()) == []
    return "done"
