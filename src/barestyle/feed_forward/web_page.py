"""A web page that paints photographs with a trained style: one HTML file, without a server and without a network.

The file contains everything, compressed with gzip, so that it also works when it is opened from disk, where browsers
load no other files. Its content security policy allows its own scripts only, and no connection.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from barestyle.feed_forward.onnx_file import build_model
from barestyle.feed_forward.trained_style import TrainedStyle
from barestyle.feed_forward.web_runtime import VERSION, WebRuntime

SCRIPTS = ("painter.js", "photo.js", "camera.js", "comparison.js", "schedule.js", "page.js")
"""Parts of the page's script, in the order in which they use each other."""

SIDES = (256, 384, 512, 768, 1024, 1536, 2048)
"""Sizes that the page offers, in pixels on the long side."""

DEFAULT_SIDE = 512


def build_page(style: TrainedStyle, runtime: WebRuntime) -> bytes:
    """Return the page as an HTML file in UTF-8, of some 6 MB.

    Raises:
        StyleFileError: the package onnx is not installed, or ONNX Runtime paints other pixels than PyTorch.
    """
    folder = files("barestyle.feed_forward") / "web"
    sources = {name: (folder / name).read_text(encoding="utf-8") for name in ("page.css", "painter_worker.js")}
    script = "\n".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS)
    environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((folder / "index.html").read_text(encoding="utf-8"))
    page = template.render(
        title=f"Paint with {join_names(style.names)}",
        styles=style.names,
        sides=SIDES,
        default_side=DEFAULT_SIDE,
        policy=format_policy(script, sources["page.css"]),
        css=Markup(sources["page.css"]),
        script=Markup(script),
        worker=Markup(sources["painter_worker.js"]),
        settings=_to_json({"styles": style.names}),
        network=_compress(build_model(style).SerializeToString()),
        runtime=_compress(runtime.script),
        wasm=_compress(runtime.wasm),
        runtime_version=VERSION,
        runtime_license=(folder / "onnxruntime-license.txt").read_text(encoding="utf-8"),
    )
    return page.encode()


def join_names(names: tuple[str, ...]) -> str:
    """Return 'a', 'a and b', 'a, b and c', or for more than three how many there are."""
    if len(names) > 3:
        return f"{len(names)} styles"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def format_policy(script: str, css: str) -> str:
    """Return the content security policy: this script and these rules, a worker with WebAssembly, and no network."""
    sources = {
        "default-src": "'none'",
        "script-src": f"{_hash(script)} blob: 'wasm-unsafe-eval'",
        "worker-src": "blob:",
        "style-src": _hash(css),
        "img-src": "blob: data:",
        "media-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _compress(data: bytes) -> str:
    """Return data as Base64 of gzip, the same for the same data at any time."""
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def _to_json(value: object) -> Markup:
    """Return JSON for a script element, which ends at the first `</script`."""
    return Markup(json.dumps(value).replace("<", "\\u003c"))  # not user HTML: it has no markup any more
