"""Neural style transfer with untrained networks.

    >>> from barestyle import transfer
    >>> transfer("photo.jpg", "painting.jpg").save("out.png")  # doctest: +SKIP

Public names are imported when they are first used, so that `import barestyle` is fast and does not import torch.
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
    from barestyle.images.color_mask import ColorMask
    from barestyle.presets import PRESETS, Preset, preset
    from barestyle.run.api import resume, transfer
    from barestyle.run.progress import Progress
    from barestyle.run.result import Result
    from barestyle.spec import Spec, with_settings
    from barestyle.stop_reasons import StopReason
    from barestyle.style_loss import StyleLoss

    __version__: str

_MODULES = {
    "BarestyleError": "errors",
    "ColorMask": "images.color_mask",
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
    "ColorMask",
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
    """Import a public name from its module on first use; also the version, as looking it up is slow."""
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("barestyle")
    elif name in _MODULES:
        value = getattr(import_module(f"barestyle.{_MODULES[name]}"), name)
    else:
        raise AttributeError(f"module 'barestyle' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
