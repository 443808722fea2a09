"""A result as a notebook shows it: the picture, the loss over the search, and what was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from barestyle.images import encode, resized, target_size
from barestyle.plots.data_uri import data_uri
from barestyle.plots.loss_curve import draw_loss_curve
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
        f"{draw_loss_curve(record.losses)}\n{_table(record)}\n</div>\n</div>"
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
    uri = data_uri(data, "jpeg" if alpha is None else "png")
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
