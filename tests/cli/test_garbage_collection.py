"""The program collects garbage rarely, and not at its end."""

from __future__ import annotations

import subprocess
import sys

from barestyle.cli.garbage_collection import THRESHOLD

# Functions registered first are called last.
PROGRAM = """
import atexit, gc, sys
atexit.register(lambda: print(gc.get_threshold()[0], gc.get_freeze_count() > 10_000))
from barestyle.cli import main
sys.exit(main(["presets", "bare"]))
"""


def test_objects_are_frozen_when_the_program_ends() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{THRESHOLD} True"
