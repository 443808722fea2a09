"""The image at which the optimization starts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import FrozenModel

STYLE_EXTENSION = ".style"
"""Extension of the files of trained styles."""


class ContentStart(FrozenModel):
    """Start from the content image, as in the paper (section 4)."""

    kind: Literal["content"] = "content"


class NoiseStart(FrozenModel):
    """Start from uniform noise, drawn with the run's seed, as in Gatys et al. 2016.

    Without a content loss the result is a texture of the style.
    """

    kind: Literal["noise"] = "noise"


class PictureStart(FrozenModel):
    """Start from a third image that is given with content and style, such as an earlier result or a sketch."""

    kind: Literal["picture"] = "picture"


class StyleStart(FrozenModel):
    """Start from the content image as a trained style paints it, whose file is given with content and style.

    The large strokes are there already, so a run has the last `scales` scales only.
    """

    kind: Literal["style"] = "style"
    scales: Annotated[int, Field(ge=1, le=16)] = 2


Start = Annotated[ContentStart | NoiseStart | PictureStart | StyleStart, Field(discriminator="kind")]
