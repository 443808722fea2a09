"""The record inside a picture that a trained style has painted: what it was made from, and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from barestyle import __version__
from barestyle.feed_forward.painter import StylePainter
from barestyle.images.embedded_record import read_embedded

RECORD_KIND = "barestyle-painting"

RECORD_FORMAT = 1
"""Increased when a record changes so that older versions cannot read it."""


def describe_painting(
    painter: StylePainter, *, photo_sha256: str, style_sha256: str, size: int | None
) -> dict[str, Any]:
    """Return the record of a painted photograph, as JSON values.

    Args:
        painter: of the trained style, with the weights of its styles.
        photo_sha256: digest of the photograph's file.
        style_sha256: digest of the style's file.
        size: long side of the result in pixels; None for the photograph's own.
    """
    photo_weight, *weights = (round(weight, 6) for weight in painter.weights[0].tolist())
    return {
        "kind": RECORD_KIND,
        "format": RECORD_FORMAT,
        "photo_sha256": photo_sha256,
        "style_sha256": style_sha256,
        "photo_weight": photo_weight,
        "style_weights": dict(zip(painter.style.names, weights, strict=True)),
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
