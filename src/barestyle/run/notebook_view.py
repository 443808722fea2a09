"""A result as a notebook shows it: the picture, the loss over the search, and what was asked for."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from barestyle.images import encode, resized, target_size
from barestyle.presets import PRESETS, Preset
from barestyle.run.record import Record
from barestyle.spec import Spec
from barestyle.spec.validation import Frozen

LONGEST_SIDE = 768
"""Pixels that a picture is shrunk to for display: what a notebook is wide, and its file stays small."""

# Styles stand at their elements: a <style> would reach into the notebook, whose own rules for tables are more specific.
ROW = "display:flex;flex-wrap:wrap;gap:1rem 1.5rem;align-items:flex-start"
PICTURE = "flex:3 1 16rem;min-width:0;max-width:{width}px;margin:0"
DETAILS = "flex:1 1 20rem;min-width:0;max-width:26rem"
TABLE = (
    "width:100%;table-layout:auto;margin:.25rem 0 0;border:0;border-collapse:collapse;font-size:.85em;line-height:1.4"
)
LINE = "background:none;border:0;border-top:1px solid rgba(128,128,128,.25)"
CELL = "padding:.2rem 0;border:0;text-align:left;vertical-align:top;white-space:normal;overflow-wrap:anywhere"
SOFT = "opacity:.7"
CODE = "background:none;padding:0;color:inherit;font-family:ui-monospace,monospace;font-size:.95em"

ACCENT = "#c5611a"
"""The curve's color: at least 4 to 1 against white and against #1e1e1e."""


class Shown(Protocol):
    """What is looked at in a Result, which shows itself with this and is therefore above it."""

    @property
    def image(self) -> Tensor:
        """(1, 3, H, W) in 0..1, sRGB."""

    @property
    def alpha(self) -> Tensor | None:
        """(1, 1, H, W) in 0..1, or None."""

    @property
    def record(self) -> Record:
        """How it came about."""


def as_html(result: Shown) -> str:
    """A result as an HTML fragment that stands alone: no script, no style sheet, nothing from elsewhere.

    The picture is a JPEG, or a PNG where it has transparency, of at most 768 pixels a side. Colors are inherited,
    so that it can be read on light and on dark; where there is little room the picture stands above the rest.
    """
    record = result.record
    title = f"{_name(record.content.path)} in the style of {' and '.join(_name(one.path) for one in record.styles)}"
    return (
        f'<div style="{ROW}">\n{_picture(result.image, result.alpha, title)}\n<div style="{DETAILS}">\n'
        f'<div style="font-weight:600;overflow-wrap:anywhere">{escape(title)}</div>\n'
        f"{loss_curve(record.losses)}\n{_table(record)}\n</div>\n</div>"
    )


def _name(path: str | None) -> str:
    """A file's name without its folders, which are nobody's business where a notebook goes."""
    return "a picture" if path is None else Path(path).name


def _picture(image: Tensor, alpha: Tensor | None, title: str) -> str:
    height, width = image.shape[-2:]
    if max(height, width) > LONGEST_SIDE:
        height, width = target_size(height, width, LONGEST_SIDE)
    kind = "jpg" if alpha is None else "png"
    data = encode(resized(image, height, width), None if alpha is None else resized(alpha, height, width), f".{kind}")
    uri = f"data:image/{kind.replace('jpg', 'jpeg')};base64,{base64.b64encode(data).decode()}"
    return (
        f'<figure style="{PICTURE.format(width=width)}"><img src="{uri}" width="{width}" height="{height}" '
        f'alt="{escape(title)}" style="display:block;width:100%;height:auto;margin:0;border-radius:3px"/></figure>'
    )


def _table(record: Record) -> str:
    """The main facts, and what was set otherwise than in the preset, as rows."""
    base = nearest_preset(record.spec)
    changed = list(changes(base.spec, record.spec))
    restarts = f" after restart {record.restarts}" if record.restarts else ""
    facts = {
        "size": f"{record.width} × {record.height} pixels",
        "seed": str(record.seed),
        "device": record.device,
        "precision": record.precision,
        "search": f"{record.evaluations} evaluations in {record.seconds:.1f} s{restarts}",
        "ended because": record.reason,
    }
    rows = [_row("preset", escape(f"{base.name}, but for" if changed else base.name))]
    rows += [_row(f"<code style='{CODE}'>{escape(one.field)}</code>", escape(one.words)) for one in changed]
    rows += [_row(name, escape(value)) for name, value in facts.items()]
    rows.append(_row("digest", f"<code style='{CODE}'>{escape(record.digest)}</code>"))
    return f'<table style="{TABLE}"><tbody>\n' + "\n".join(rows) + "\n</tbody></table>"


def _row(name: str, value: str) -> str:
    """A line of the table, of two texts that are HTML already."""
    return (
        f'<tr style="{LINE}"><th scope="row" style="{CELL};padding-right:1rem;font-weight:normal;{SOFT}">{name}</th>'
        f'<td style="{CELL}">{value}</td></tr>'
    )


class Change(NamedTuple):
    """A field that is not as in the preset, as `with_settings` takes it; `was` is None where it was not there."""

    field: str
    now: Any
    was: Any

    @property
    def words(self) -> str:
        """'0.5 → 0.9', or only what it is now."""
        was, now = (one if isinstance(one, str) else json.dumps(one) for one in (self.was, self.now))
        return now if self.was is None else f"{was} → {now}"


def changes(base: Frozen, spec: Frozen, prefix: str = "") -> Iterator[Change]:
    """What to set in `base` to have `spec`, but for the size and where a file of weights lies."""
    for name in type(spec).model_fields:
        field = prefix + name
        was, now = getattr(base, name), getattr(spec, name)
        if name == "kind" or field in ("size", "network.trained_file"):
            continue
        if not isinstance(now, Frozen):
            if now != was:
                yield Change(field, now, was)
        elif type(was) is type(now):
            yield from changes(was, now, f"{field}.")
        else:
            yield Change(field, getattr(now, "kind", ""), getattr(was, "kind", None))
            # `with_settings` gives another kind its own defaults; what the former one had is no comparison.
            yield from (one._replace(was=None) for one in changes(type(now)(), now, f"{field}."))


def nearest_preset(spec: Spec) -> Preset:
    """The preset with the fewest fields that are otherwise; the first of several."""
    return min(PRESETS.values(), key=lambda one: len(list(changes(one.spec, spec))))


WIDTH, HEIGHT = 380, 164
LEFT, RIGHT, TOP, BOTTOM = 42, 374, 26, 126
"""Of the curve, in its own units, each about a pixel."""

FAINT = 'opacity=".7"'

POINTS = 400
"""That a curve is drawn with at most: more than it is wide."""

WIDEST_LINEAR = 4.0
"""A loss that falls to less than a quarter has a logarithmic axis."""

LEAST = 1e-45
"""What float32 can tell from zero."""


@dataclass(frozen=True)
class _Axis:
    """Up to `high`: linear from 0, or logarithmic from `low` where that is more than 0."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value lies, 0..1."""
        if not self.low:
            return value / self.high
        # Not the logarithms of quotients, which can be too large for a float.
        return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def ticks(self) -> list[float]:
        """At most six round numbers."""
        if not self.low:
            step = _round_step(self.high / 5)
            return [number * step for number in range(math.floor(self.high / step * (1 + 1e-9)) + 1)]
        digits = (1, 2, 5) if self.high / self.low < 50 else (1,)
        decades = range(math.floor(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
        found = [digit * 10.0**decade for decade in decades for digit in digits]
        found = [value for value in found if self.low <= value <= self.high]
        return found[:: max(math.ceil(len(found) / 6), 1)]


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, not smaller than `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))


def loss_curve(losses: Sequence[float]) -> str:
    """Losses, which are not negative, over the iterates as inline SVG; without any there is none.

    The axis is logarithmic where that shows more. Whatever is not finite is left out.
    """
    points = [(at, loss) for at, loss in enumerate(losses) if 0 <= loss < math.inf]
    if not points:
        return ""
    values = [loss for _, loss in points]
    low, high = min(values), max(values)
    y = _Axis(low if LEAST < low < high / WIDEST_LINEAR else 0, high if high > LEAST else 1)
    x = _Axis(0, max(len(losses) - 1, 1))
    places = [(_across(x.share(at)), _down(y.share(loss))) for at, loss in _thinned(points)]
    numbers = " → ".join(_number(value) for value in dict.fromkeys((values[0], values[-1])))
    kind = "logarithmic" if y.low else "linear"
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {HEIGHT}" fill="currentColor" font-size="11" '
        'style="display:block;width:100%;height:auto;margin-top:.4rem;background:none">\n'
        f"<title>Loss at {len(losses)} iterates, {numbers}, {kind} axis</title>\n"
        f'<text x="{LEFT}" y="11"><tspan {FAINT}>loss</tspan> {numbers}</text>'
        f'<text x="{RIGHT}" y="11" text-anchor="end" {FAINT}>{kind}</text>\n'
        f"{_grid(x, y, last=len(losses) - 1)}\n"
        f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in places)}" fill="none" stroke="{ACCENT}" '
        'stroke-width="1.8" stroke-linejoin="round" stroke-linecap="round"/>'
        f'<circle cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="3" fill="{ACCENT}"/>\n</svg>'
    )


def _grid(x: _Axis, y: _Axis, last: int) -> str:
    """Lines at round losses, and whole numbers of iterates below."""
    lines = []
    for value in y.ticks():
        at = _down(y.share(value))
        lines.append(f'<path d="M{LEFT} {at:.1f}H{RIGHT}" stroke="currentColor" stroke-width=".6" opacity=".25"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{at + 3.5:.1f}" text-anchor="end" {FAINT}>{_number(value)}</text>')
    for value in x.ticks():
        if value <= last and value == round(value):
            at = _across(x.share(value))
            lines.append(f'<text x="{at:.1f}" y="{BOTTOM + 16}" text-anchor="middle" {FAINT}>{round(value)}</text>')
    middle = (LEFT + RIGHT) / 2
    lines.append(f'<text x="{middle:.1f}" y="{HEIGHT - 6}" text-anchor="middle" {FAINT}>iterate</text>')
    return "\n".join(lines)


def _across(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT)


def _down(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The first and the last of the points, and of each stretch between them the lowest and the highest."""
    if len(points) <= POINTS:
        return points
    length = math.ceil(len(points) / (POINTS // 2 - 1))
    kept = {points[0], points[-1]}
    for start in range(0, len(points), length):
        stretch = points[start : start + length]
        kept |= {min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])}
    return sorted(kept)


def _number(value: float) -> str:
    """Three digits: 0.0252, 98.2, 2.01e6."""
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
