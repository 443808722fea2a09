"""The whole run as one frozen value."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from barestyle.errors import SpecError
from barestyle.spec.colors import Colors, StyleColors
from barestyle.spec.loss import (
    ContentLoss,
    FeatureContentLoss,
    GramLoss,
    LuminanceContentLoss,
    NoContentLoss,
    NoSmoothness,
    Smoothness,
    StyleLoss,
)
from barestyle.spec.network import VGG, Network
from barestyle.spec.optimizer import Optimizer, PaperLBFGS
from barestyle.spec.scales import CoarseToFine, Scales, SingleScale
from barestyle.spec.start import ContentStart, Start
from barestyle.spec.validation import Frozen, sentence

DEFAULT_LONGEST_SIDE = 512
"""Pictures larger than this are shrunk to it unless a size is asked for: minutes, not hours, on two cores."""

MAX_PIXELS = 178_956_970
"""Larger pictures are refused unless asked for: the limit at which Pillow suspects a decompression bomb."""


class Spec(Frozen):
    """What a run is: with it, its pictures, a seed and the same machine, the result repeats bit for bit.

    `size` is the long side of the result in pixels; None keeps the content's own size, shrunk to 512 if larger.
    A style is as large as the result, times `style_scale`: its strokes are so much larger or smaller.
    """

    network: Network = VGG()
    style_loss: StyleLoss = GramLoss()
    content_loss: ContentLoss = NoContentLoss()
    smoothness: Smoothness = NoSmoothness()
    optimizer: Optimizer = PaperLBFGS()
    scales: Scales = SingleScale()
    size: Annotated[int, Field(ge=1, le=65536)] | None = None
    style_scale: Annotated[float, Field(ge=0.05, le=20)] = 1.0
    start: Start = ContentStart()
    colors: Colors = StyleColors()

    @model_validator(mode="after")
    def _taps_exist(self) -> Spec:
        taps = self.style_loss.taps
        if len(set(taps)) < len(taps):
            raise ValueError(f"style_loss.taps {list(taps)} repeat a layer; name each layer once")
        wanted = {"style_loss.taps": taps}
        if isinstance(self.content_loss, FeatureContentLoss):
            wanted["content_loss.tap"] = (self.content_loss.tap,)
        for field, numbers in wanted.items():
            if max(numbers) > self.network.depth:
                raise ValueError(
                    f"{field} asks for layer {max(numbers)}, but the network has {self.network.depth}; "
                    f"use layers 1 to {self.network.depth}, or add some to network"
                )
        return self

    @model_validator(mode="after")
    def _forms_have_a_scale_to_weigh_against(self) -> Spec:
        if isinstance(self.content_loss, LuminanceContentLoss) and isinstance(self.style_loss, GramLoss):
            raise ValueError(
                "content_loss=luminance (--strength) is not for style_loss=gram, whose scale depends on the network; "
                "use style_loss=whitened, or content_loss=features with a weight of your own"
            )
        return self

    @model_validator(mode="after")
    def _scales_have_steps_to_share(self) -> Spec:
        if isinstance(self.scales, CoarseToFine) and isinstance(self.optimizer, PaperLBFGS):
            raise ValueError(
                "scales=coarse-to-fine is not for optimizer=paper-lbfgs, whose way is defined at one size; "
                "use optimizer=lbfgs or adam, or scales=single"
            )
        return self

    @property
    def deepest_tap(self) -> int:
        """The deepest layer that any loss looks at; nothing beyond it is built."""
        content = self.content_loss.tap if isinstance(self.content_loss, FeatureContentLoss) else 0
        return max(*self.style_loss.taps, content)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that identify this spec; the path of trained weights does not count."""
        data = self.model_dump(mode="json")
        data["network"].pop("trained_file", None)
        canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """The spec as indented JSON; `Spec.from_json` reads it back."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_data(cls, data: Any) -> Spec:
        """A spec from plain dictionaries and lists. Raises SpecError naming the field and what it takes."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise SpecError(sentence(cls, error)) from None

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """A spec from JSON text. Raises SpecError."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SpecError(f"this spec is not JSON ({error}); write it with `barestyle presets NAME --json`") from None
        return cls.from_data(data)
