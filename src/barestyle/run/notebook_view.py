"""How a notebook shows a result: the picture, the loss curve, and the settings."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Protocol

from torch import Tensor

from barestyle.images import encode, resize, target_size
from barestyle.plots.data_uri import data_uri
from barestyle.plots.loss_curve import draw_loss_curve
from barestyle.presets import PRESETS, Preset
from barestyle.run.record import Record
from barestyle.spec import Spec
from barestyle.spec.diff import diff_specs

LONGEST_SIDE = 768
"""Longest side in pixels of the displayed picture: the width of a notebook; a larger one would bloat its file."""

# Styles are attributes of their elements: a <style> would change the whole notebook, whose own rules are stronger.
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


class Displayable(Protocol):
    """The part of a Result that is displayed; Result itself imports this module."""

    @property
    def image(self) -> Tensor:
        """(1, 3, H, W) in 0..1, sRGB."""

    @property
    def alpha(self) -> Tensor | None:
        """(1, 1, H, W) in 0..1, or None."""

    @property
    def record(self) -> Record:
        """How the picture was made."""


def render_html(result: Displayable) -> str:
    """Return a result as a self-contained HTML fragment: no script, no style sheet, no external files.

    The picture is a JPEG, or a PNG if it has transparency, of at most 768 pixels per side. Colors are inherited, so
    that it is readable on light and dark backgrounds; in a narrow window the picture is above the rest.
    """
    record = result.record
    styles = " and ".join(_strip_folders(style.path) for style in record.styles)
    title = f"{_strip_folders(record.content.path)} in the style of {styles}"
    return (
        f'<div style="{ROW}">\n{_render_picture(result.image, result.alpha, title)}\n<div style="{DETAILS}">\n'
        f'<div style="font-weight:600;overflow-wrap:anywhere">{escape(title)}</div>\n'
        f"{draw_loss_curve(record.losses)}\n{_render_table(record)}\n</div>\n</div>"
    )


def _strip_folders(path: str | None) -> str:
    """Return a file's name without its folders: a shared notebook should not reveal them."""
    return "a picture" if path is None else Path(path).name


def _render_picture(image: Tensor, alpha: Tensor | None, title: str) -> str:
    height, width = image.shape[-2:]
    if max(height, width) > LONGEST_SIDE:
        height, width = target_size(height, width, LONGEST_SIDE)
    kind = "jpg" if alpha is None else "png"
    data = encode(resize(image, height, width), None if alpha is None else resize(alpha, height, width), f".{kind}")
    uri = data_uri(data, "jpeg" if alpha is None else "png")
    return (
        f'<figure style="{PICTURE.format(width=width)}"><img src="{uri}" width="{width}" height="{height}" '
        f'alt="{escape(title)}" style="display:block;width:100%;height:auto;margin:0;border-radius:3px"/></figure>'
    )


def _render_table(record: Record) -> str:
    """Return the main facts, and the settings that differ from the nearest preset, as an HTML table."""
    base = find_nearest_preset(record.spec)
    changed = list(diff_specs(base.spec, record.spec))
    restarts = f" after restart {record.restarts}" if record.restarts else ""
    facts = {
        "size": f"{record.width} × {record.height} pixels",
        "seed": str(record.seed),
        "device": record.device,
        "precision": record.precision,
        "optimization": f"{record.evaluations} evaluations in {record.seconds:.1f} s{restarts}",
        "ended because": record.reason,
    }
    rows = [_render_row("preset", escape(f"{base.name}, except" if changed else base.name))]
    rows += [
        _render_row(f"<code style='{CODE}'>{escape(change.field)}</code>", escape(change.describe()))
        for change in changed
    ]
    rows += [_render_row(name, escape(value)) for name, value in facts.items()]
    rows.append(_render_row("digest", f"<code style='{CODE}'>{escape(record.digest)}</code>"))
    return f'<table style="{TABLE}"><tbody>\n' + "\n".join(rows) + "\n</tbody></table>"


def _render_row(name: str, value: str) -> str:
    """Return a row of the table from a name and a value that are already HTML."""
    return (
        f'<tr style="{LINE}"><th scope="row" style="{CELL};padding-right:1rem;font-weight:normal;{SOFT}">{name}</th>'
        f'<td style="{CELL}">{value}</td></tr>'
    )


def find_nearest_preset(spec: Spec) -> Preset:
    """Return the preset with the fewest differences; the first one if there are several."""
    return min(PRESETS.values(), key=lambda candidate: len(list(diff_specs(candidate.spec, spec))))
