"""Neural style transfer with networks that nobody trained.

    >>> from barestyle import transfer
    >>> transfer("photo.jpg", "painting.jpg").save("out.png")  # doctest: +SKIP

Names are loaded when they are first used, so that `import barestyle` is quick and loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barestyle.errors import (
        BarestyleError,
        DeviceError,
        DivergedError,
        ImageError,
        OutputError,
        RecordError,
        SpecError,
        StudyError,
        WeightsError,
    )
    from barestyle.presets import PRESETS, Preset, preset
    from barestyle.run.api import resume, transfer
    from barestyle.run.progress import Progress
    from barestyle.run.result import Result
    from barestyle.spec import Spec, with_settings
    from barestyle.stop_reasons import StopReason
    from barestyle.style_loss import StyleLoss

    __version__: str

_HOMES = {
    "BarestyleError": "errors",
    "DeviceError": "errors",
    "DivergedError": "errors",
    "ImageError": "errors",
    "OutputError": "errors",
    "PRESETS": "presets",
    "Preset": "presets",
    "Progress": "run.progress",
    "RecordError": "errors",
    "Result": "run.result",
    "Spec": "spec",
    "SpecError": "errors",
    "StopReason": "stop_reasons",
    "StudyError": "errors",
    "StyleLoss": "style_loss",
    "WeightsError": "errors",
    "preset": "presets",
    "resume": "run.api",
    "transfer": "run.api",
    "with_settings": "spec",
}

__all__ = [
    "PRESETS",
    "BarestyleError",
    "DeviceError",
    "DivergedError",
    "ImageError",
    "OutputError",
    "Preset",
    "Progress",
    "RecordError",
    "Result",
    "Spec",
    "SpecError",
    "StopReason",
    "StudyError",
    "StyleLoss",
    "WeightsError",
    "__version__",
    "preset",
    "resume",
    "transfer",
    "with_settings",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use; the version, too: looking it up takes longer than the rest."""
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("barestyle")
    elif name in _HOMES:
        value = getattr(import_module(f"barestyle.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'barestyle' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
