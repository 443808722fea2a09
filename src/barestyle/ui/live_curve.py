"""The curve of the losses, as a small drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 320, 64, 4
POINTS = 160
"""At most so many corners: more would not be seen, and would be sent again with every picture."""


def drawn(losses: Sequence[float], steps: int) -> str:
    """An SVG of the losses so far, on a logarithmic scale; its width is the whole run of `steps`. Empty before two."""
    if len(losses) < 2:
        return ""
    heights = [math.log10(max(loss, 1e-30)) for loss in losses]
    low, high = min(heights), max(heights)
    span = high - low or 1.0
    across = max(steps, len(losses) - 1)
    every = max(1, math.ceil(len(losses) / POINTS))
    corners = [*range(0, len(losses) - 1, every), len(losses) - 1]
    points = [
        (
            MARGIN + (WIDTH - 2 * MARGIN) * step / across,
            MARGIN + (HEIGHT - 2 * MARGIN) * (high - heights[step]) / span,
        )
        for step in corners
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_in_words(losses)}">'
        f'<polyline points="{line}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3"/></svg>'
    )


def _in_words(losses: Sequence[float]) -> str:
    return f"The loss over {len(losses) - 1} steps: {losses[0]:.3g} at the start, {losses[-1]:.3g} now"
