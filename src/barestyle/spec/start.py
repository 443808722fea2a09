"""Where the search begins."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import Frozen


class ContentStart(Frozen):
    """From the content, as in the paper (section 4)."""

    kind: Literal["content"] = "content"


class NoiseStart(Frozen):
    """From uniform noise, drawn with the run's seed, as in Gatys et al. 2016.

    Only a content loss then says what the picture shows; without one it is a texture.
    """

    kind: Literal["noise"] = "noise"


class PictureStart(Frozen):
    """From a picture that is given with the two others: an earlier result, or a sketch."""

    kind: Literal["picture"] = "picture"


Start = Annotated[ContentStart | NoiseStart | PictureStart, Field(discriminator="kind")]
