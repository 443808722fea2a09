"""Pin behavior: paint small images in many ways, and hash pixels, loss traces and help texts.

`python -m tools.pin before.json` writes the hashes, `python -m tools.pin before.json --compare` compares those of now
with them, name by name. Hashes hold on one processor with one thread only, so the file is not committed: write it
before a change that must not change a result, and compare after.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from barestyle import PRESETS, Result, preset, resume, transfer, with_settings
from barestyle.run.progress import Progress

SIZE = 64
COMMANDS = (
    "",
    "transfer",
    "resume",
    "batch",
    "demo",
    "presets",
    "recolor",
    "rerun",
    "score",
    "ui",
    "info",
    "study",
    "study run",
    "weights",
)


def drawing(width: int, height: int, seed: int) -> Image.Image:
    """Return ellipses on a gradient, a different image for each seed."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    ramp = x[..., None] * random.uniform(0, 255, 3) + (1 - y[..., None]) * random.uniform(0, 255, 3)
    image = Image.fromarray((ramp / 2).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = random.uniform(-0.2, 1, 2) * (width, height)
        across, down = random.uniform(0.1, 0.4, 2) * (width, height)
        draw.ellipse((left, top, left + across, top + down), fill=tuple(random.integers(0, 256, 3).tolist()))
    return image


CONTENT = drawing(SIZE, 48, 1)
STYLES = [drawing(56, SIZE, 2), drawing(SIZE, 40, 3)]
HALF = Image.fromarray(np.repeat(np.linspace(0, 255, SIZE)[None] > 127, 48, 0).astype(np.uint8) * 255)
PAPER_QUICK = {"optimizer.steps": 2, "optimizer.iterations_per_step": 4}


def compute_digest(result: Result) -> str:
    """Return a hash of a result's pixels and losses."""
    hashed = hashlib.sha256(result.image.contiguous().numpy().data)
    hashed.update(np.array(result.losses).tobytes())
    return hashed.hexdigest()[:16]


def paint_results() -> Iterator[tuple[str, str]]:
    """Paint everything; yield a name and a hash for each image."""
    for name in PRESETS:
        if name == "paper-original":
            continue  # needs trained weights
        for kind in ("paper-lbfgs", "lbfgs", "adam"):
            quick = {**PAPER_QUICK, "scales": "single"} if kind == "paper-lbfgs" else {"optimizer.steps": 4}
            spec = with_settings(preset(name).spec, {"size": SIZE, "optimizer": kind, **quick})
            yield f"{name} {kind}", compute_digest(transfer(CONTENT, STYLES[0], spec, precision="float32"))
    quick = {"size": SIZE, "optimizer.steps": 4, "scales": "single"}
    variants: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "coarse to fine": ({"scales": {"kind": "coarse-to-fine", "count": 3, "finest_steps": 3}}, {}),
        "bf16": ({}, {"precision": "bf16"}),
        "mixed": ({}, {"precision": "mixed"}),
        "luminance before": ({"colors": "luminance"}, {}),
        "luminance after": ({"colors": {"kind": "luminance", "when": "after"}}, {}),
        "matched": ({"colors": "matched"}, {}),
        "matched after": ({"colors": {"kind": "matched", "when": "after", "method": "histogram"}}, {}),
        "noise": ({"start": "noise"}, {}),
        "start": ({}, {"start": STYLES[1].resize((SIZE, 48))}),
        "keep": ({}, {"keep": HALF}),
        "total variation": ({"smoothness": "total-variation"}, {}),
        "strength": ({"content_loss.strength": 0.2}, {}),
        "features": ({"content_loss": "features"}, {}),
        "gram": ({"style_loss": "gram", "content_loss": "none"}, {}),
        "tiles": ({"size": 256}, {"memory": "__TILES__"}),
    }
    for name, (settings, options) in variants.items():
        spec = with_settings(preset("bare").spec, {**quick, **settings})
        yield (
            name,
            compute_digest(transfer(CONTENT, STYLES[0], spec, **{"precision": "float32", **resolve_memory(options)})),
        )
    spec = with_settings(preset("bare").spec, quick)
    options = {"precision": "float32", "seed": 7}
    yield "two styles", compute_digest(transfer(CONTENT, STYLES, spec, weights=[2, 1], **options))
    yield "masks", compute_digest(transfer(CONTENT, STYLES, spec, masks=[HALF, None], **options))
    yield "gray style", compute_digest(transfer(CONTENT, STYLES[0].convert("L"), spec, **options))
    yield from resume_runs()


def resolve_memory(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options, with a memory too small for one tile in place of `__TILES__`."""
    if options.get("memory") != "__TILES__":
        return options
    import psutil

    return {**options, "memory": str(psutil.Process().memory_info().rss + 110 * 2**20)}


def resume_runs() -> Iterator[tuple[str, str]]:
    """Interrupt a run of each optimizer after two steps and resume it; yield a name and a hash."""
    for kind in ("paper-lbfgs", "lbfgs", "adam"):
        quick = PAPER_QUICK if kind == "paper-lbfgs" else {"optimizer.steps": 6}
        spec = with_settings(preset("bare").spec, {"size": SIZE, "scales": "single", "optimizer": kind, **quick})
        with tempfile.TemporaryDirectory() as folder:
            for number, image in enumerate((CONTENT, STYLES[0])):
                image.save(Path(folder) / f"{number}.png")
            progress: list[Progress] = []
            path = Path(folder) / "out.checkpoint"
            transfer(
                Path(folder) / "0.png",
                Path(folder) / "1.png",
                spec,
                precision="float32",
                checkpoint=path,
                checkpoint_every=1,
                on_progress=progress.append,
                should_stop=lambda progress=progress: len(progress) == 3,  # type: ignore[misc]
            )
            yield f"resumed {kind}", compute_digest(resume(path))


def hash_help_texts() -> Iterator[tuple[str, str]]:
    """Hash every command's help."""
    for command in COMMANDS:
        process = subprocess.run(
            [sys.executable, "-m", "barestyle", *command.split(), "--help"], capture_output=True, check=True
        )
        yield f"barestyle {command} --help", hashlib.sha256(process.stdout).hexdigest()[:16]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--help-texts", action="store_true", help="hash the help of every command, too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    now = dict(paint_results())
    if arguments.help_texts:
        now |= dict(hash_help_texts())
    if not arguments.compare:
        arguments.file.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
        print(f"{arguments.file}: {len(now)} pins")
        return 0
    before = json.loads(arguments.file.read_text(encoding="utf-8"))
    changed = [name for name, value in now.items() if before.get(name) != value]
    print(f"{len(now) - len(changed)} of {len(now)} pins hold" + "".join(f"\n  changed: {name}" for name in changed))
    return bool(changed)


if __name__ == "__main__":
    sys.exit(main())
