"""The sealed key: which arm is A and which is B on each sheet."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets
import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.jury.arms import Arm
from benchmarks.pairs import Pair


class Sheet(NamedTuple):
    """A sheet: its pair, the comparison, and its first and second picture.

    `first` and `second` are the arms as they were named, `a` and `b` the same two in the sheet's order.
    """

    pair: Pair
    first: str
    second: str
    a: str
    b: str


def draw_order(pairs: Sequence[Pair], comparisons: Sequence[tuple[str, str]], seed: int) -> list[Sheet]:
    """Return the sheets in random order. In each comparison, each arm is A on half of the sheets, up to one."""
    generator = random.Random(seed)
    sheets = []
    for first, second in comparisons:
        sides = [number % 2 == 0 for number in range(len(pairs))]
        if generator.random() < 0.5:
            sides = [not side for side in sides]
        generator.shuffle(sides)
        for pair, is_first_a in zip(pairs, sides, strict=True):
            a, b = (first, second) if is_first_a else (second, first)
            sheets.append(Sheet(pair, first, second, a, b))
    generator.shuffle(sheets)
    return sheets


def seal(sheets: Sequence[Sheet], arms: Mapping[str, Arm], seed: int) -> bytes:
    """Return the key as base64 of JSON, in lines. A random number in it keeps its hash from being guessed."""
    data = {
        "nonce": secrets.token_hex(16),
        "seed": seed,
        "arms": {name: arm.digest for name, arm in arms.items()},
        "sheets": sheets,
    }
    return "\n".join(textwrap.wrap(base64.b64encode(json.dumps(data).encode()).decode(), 100)).encode() + b"\n"


def unseal(key: bytes) -> list[Sheet]:
    """Return the sheets of a key in their order."""
    data = json.loads(base64.b64decode(key))
    return [Sheet(Pair(*pair), *names) for pair, *names in data["sheets"]]


def hash_key(key: bytes) -> str:
    """Return the SHA-256 of a key in hexadecimal digits."""
    return hashlib.sha256(key).hexdigest()
