"""A file that is not there is reported at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from barestyle.cli import main
code = main(sys.argv[1:])
sys.exit(f"PyTorch was imported; code {code}" if "torch" in sys.modules else code)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("transfer", "missing.jpg", "here.png"),
        ("transfer", "here.png", "missing.jpg"),
        ("transfer", "here.png", "here.png", "--keep", "missing.jpg"),
        ("recolor", "here.png", "missing.jpg", "-o", "out.png"),
    ],
)
def test_a_missing_file_is_reported_before_pytorch_is_imported(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "here.png").write_bytes(b"")
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "barestyle: there is no file 'missing.jpg'; check the path\n")
    assert [file.name for file in tmp_path.iterdir()] == ["here.png"]
