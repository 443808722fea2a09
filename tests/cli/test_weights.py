"""`barestyle weights` through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Program


def test_downloaded_weights_are_listed_and_used(
    program: Program, synthetic_weights: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    refused = program("weights", "info")
    assert refused.code == 2
    assert "get the first layers with `barestyle weights fetch`" in refused.err
    first = program("weights", "fetch", "--from", synthetic_weights)
    assert "5 convolutions, 2.2 MB read" in first.out
    assert "recorded to verify later downloads" in first.out
    assert "verified\n" in program("weights", "fetch", "--from", synthetic_weights).out
    assert "vgg19-5-layers.safetensors, 5 convolutions, 2.2 MB, SHA-256" in program("weights", "info").out
    quick = ("--size", "32", "--steps", "1", "--set", "optimizer.iterations_per_step=2")
    painted = program(
        *("transfer", pictures / "content.png", pictures / "style.jpg", "-o", tmp_path / "a.png"),
        *("--preset", "paper-original", *quick),
    )
    assert painted.code == 0, painted.err


@pytest.mark.parametrize(
    ("source", "words"),
    [("http://127.0.0.1:1/a.safetensors", "cannot be read"), ("nowhere.pth", "there is no weights")],
)
def test_refusals(program: Program, tmp_path: Path, source: str, words: str) -> None:
    outcome = program("weights", "fetch", "--from", source, "--cache", tmp_path)
    assert outcome.code == 2
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
