"""Arms that other programs paint."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from barestyle.errors import SpecError
from barestyle.images.sizes import target_size
from benchmarks.jury.errors import JuryError

PLACEHOLDERS = ("photo", "style", "style_name", "output")
REQUIRED = ("photo", "output")


@dataclass(frozen=True)
class Program:
    """A command that paints a photograph in a style.

    Attributes:
        words: the command and its arguments. In them, {photo} and {style} stand for PNG files to read, {style_name} for
            the style's name in benchmarks/pairs.py, and {output} for the PNG file to write.
        size: long side of the photograph that the command gets, and of the picture that it must write, in pixels.
    """

    words: tuple[str, ...]
    size: int

    @property
    def digest(self) -> str:
        """SHA-256 of the command and the size, in hexadecimal digits."""
        return hashlib.sha256(repr((self.words, self.size)).encode()).hexdigest()

    def paint(self, photo: Image.Image, style: Image.Image, style_name: str) -> tuple[Image.Image, float]:
        """Return the picture, and the seconds that the command took. Raises JuryError if there is no such picture."""
        height, width = target_size(photo.height, photo.width, self.size)
        with tempfile.TemporaryDirectory() as folder:
            files = {name: str(Path(folder, f"{name}.png")) for name in ("photo", "style", "output")}
            photo.resize((width, height), Image.Resampling.LANCZOS).save(files["photo"])
            style.save(files["style"])
            words = [_fill(word, {**files, "style_name": style_name}) for word in self.words]
            started = time.perf_counter()
            self._run(words)
            seconds = time.perf_counter() - started
            return self._read(Path(files["output"]), (width, height)), seconds

    def _run(self, words: Sequence[str]) -> None:
        try:
            done = subprocess.run(words, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise JuryError(f"{words[0]!r} cannot be run: {error.strerror}; install it, or give its path") from error
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise JuryError(f"{shlex.join(words)} ended with code {done.returncode}: {lines[-1]}")

    def _read(self, path: Path, size: tuple[int, int]) -> Image.Image:
        if not path.is_file():
            raise JuryError(f"{shlex.join(self.words)} wrote no picture; it must write {{output}}")
        with Image.open(path) as image:
            if image.size != size:
                raise JuryError(
                    f"{shlex.join(self.words)} wrote a picture of {image.width} x {image.height} pixels instead of "
                    f"{size[0]} x {size[1]}; all arms must have the photograph's size"
                )
            return image.convert("RGB")


def parse_program(text: str, size: int) -> Program:
    """Return the program of a command line with placeholders. Raises SpecError if one is missing."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise SpecError(f"the command {text!r} is not valid: {error}") from error
    for name in REQUIRED:
        if not any(f"{{{name}}}" in word for word in words):
            allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise SpecError(f"the command {text!r} does not have {{{name}}}; a command can have {allowed}")
    return Program(words, size)


def _fill(word: str, values: dict[str, str]) -> str:
    for name in PLACEHOLDERS:
        word = word.replace(f"{{{name}}}", values[name])
    return word
