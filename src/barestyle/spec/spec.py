"""All settings of a run as one frozen value."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from barestyle.errors import SpecError
from barestyle.spec.bias import ZeroBias
from barestyle.spec.colors import Colors, StyleColors
from barestyle.spec.guide import StructureGuide
from barestyle.spec.loss import (
    ContentLoss,
    FeatureContentLoss,
    GramLoss,
    LuminanceContentLoss,
    Smoothness,
    StyleLoss,
    TotalVariation,
    WhitenedLoss,
)
from barestyle.spec.network import VGG, Network
from barestyle.spec.optimizer import LBFGS, Optimizer, PaperLBFGS
from barestyle.spec.pooling import AveragePooling
from barestyle.spec.scales import CoarseToFine, Scales
from barestyle.spec.start import ContentStart, Start
from barestyle.spec.validation import FrozenModel, format_error


class Spec(FrozenModel):
    """All settings of a run. The same spec, images and seed give the same result, bit for bit, on the same machine.

    The defaults are the preset `bare` (docs/decisions/0001): no number in them was trained. `size` is the long side of
    the result in pixels; None keeps the content's size, reduced to 512 if it is larger. `style_scale` is the size of
    the style image relative to the result; larger values give broader strokes.
    """

    network: Network = VGG(
        channels=(32, 64, 64, 128),
        pooling=AveragePooling(after=(1, 3)),
        bias=ZeroBias(),
        gabor_fraction=0.5,
        padding="reflect",
    )
    style_loss: StyleLoss = WhitenedLoss(layers=(1, 2, 3, 4), epsilon=1e-2, guide=StructureGuide())
    content_loss: ContentLoss = LuminanceContentLoss()
    smoothness: Smoothness = TotalVariation(weight=0.06)
    optimizer: Optimizer = LBFGS(steps=30)
    scales: Scales = CoarseToFine(count=8, finest_steps=12)
    size: Annotated[int, Field(ge=1, le=65536)] | None = None
    style_scale: Annotated[float, Field(ge=0.05, le=20)] = 1.0
    start: Start = ContentStart()
    colors: Colors = StyleColors()

    @model_validator(mode="after")
    def _check_layers(self) -> Spec:
        layers = self.style_loss.layers
        if len(set(layers)) < len(layers):
            raise ValueError(f"style_loss.layers {list(layers)} repeat a layer; name each layer once")
        requested = {"style_loss.layers": layers}
        if isinstance(self.content_loss, FeatureContentLoss):
            requested["content_loss.layer"] = (self.content_loss.layer,)
        for field, numbers in requested.items():
            if max(numbers) > self.network.depth:
                raise ValueError(
                    f"{field} asks for layer {max(numbers)}, but the network has {self.network.depth}; "
                    f"use layers 1 to {self.network.depth}, or add layers to the network"
                )
        return self

    @model_validator(mode="after")
    def _check_content_loss(self) -> Spec:
        if isinstance(self.content_loss, LuminanceContentLoss) and isinstance(self.style_loss, GramLoss):
            raise ValueError(
                "content_loss=luminance (--strength) does not work with style_loss=gram, whose scale depends on the "
                "network; use style_loss=whitened, or content_loss=features with a weight that fits, or "
                "content_loss=none"
            )
        return self

    @model_validator(mode="after")
    def _check_scales(self) -> Spec:
        if isinstance(self.scales, CoarseToFine) and isinstance(self.optimizer, PaperLBFGS):
            raise ValueError(
                "scales=coarse-to-fine does not work with optimizer=paper-lbfgs, which is defined at one size; "
                "use optimizer=lbfgs or adam, or scales=single"
            )
        return self

    @property
    def deepest_layer(self) -> int:
        """The deepest layer that a loss uses; layers above it are not built."""
        content = self.content_loss.layer if isinstance(self.content_loss, FeatureContentLoss) else 0
        return max(*self.style_loss.layers, content)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that identify the spec; the path of trained weights does not count."""
        data = self.model_dump(mode="json")
        data["network"].pop("trained_file", None)
        canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Return the spec as indented JSON, which `Spec.from_json` reads."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_data(cls, data: Any) -> Spec:
        """Return the spec of plain dictionaries and lists. Raise SpecError with the field and the allowed values."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise SpecError(format_error(cls, error)) from None

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Return the spec of a JSON text. Raise SpecError if the text is not JSON or not a valid spec."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SpecError(
                f"the spec is not valid JSON ({error}); `barestyle presets NAME --json` prints a valid one"
            ) from None
        return cls.from_data(data)
