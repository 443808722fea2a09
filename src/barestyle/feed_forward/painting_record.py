"""The record inside a picture that a trained style has painted: what it was made from, and how."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from barestyle import __version__
from barestyle.images.embedded_record import read_embedded

RECORD_KIND = "barestyle-painting"

RECORD_FORMAT = 1
"""Increased when a record changes so that older versions cannot read it."""


def round_weights(names: Sequence[str], weights: Sequence[float]) -> tuple[float, dict[str, float]]:
    """Return the weight of the photograph, and those of the styles by name, as a record has them.

    `weights` are of the photograph and of each style, from `TrainedStyle.mix`.
    """
    photo_weight, *rounded = (round(weight, 6) for weight in weights)
    return photo_weight, dict(zip(names, rounded, strict=True))


def describe_painting(
    photo_weight: float,
    style_weights: Mapping[str, float],
    *,
    photo_sha256: str,
    style_sha256: str,
    size: int | None,
) -> dict[str, Any]:
    """Return the record of a painted photograph, as JSON values.

    Args:
        photo_weight: that of the photograph, from `round_weights`.
        style_weights: those of the styles by name.
        photo_sha256: digest of the photograph's file.
        style_sha256: digest of the style's file.
        size: long side of the result in pixels; None for the photograph's own.
    """
    return {
        "kind": RECORD_KIND,
        "format": RECORD_FORMAT,
        "photo_sha256": photo_sha256,
        "style_sha256": style_sha256,
        "photo_weight": photo_weight,
        "style_weights": dict(style_weights),
        "size": size,
        "version": __version__,
    }


def read_painting_record(path: Path) -> dict[str, Any] | None:
    """Return the record of a painting in a PNG file, or None if the file has none."""
    text = read_embedded(path)
    try:
        data = None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and data.get("kind") == RECORD_KIND else None
