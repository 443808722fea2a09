"""Iterates of small scales as part of a whole run."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.optimize import EnlargedIterate, Iterate

SMALL = Iterate(
    step=3, image=torch.full((1, 3, 4, 5), 0.25), loss=0.5, parts={"style": 0.5}, gradient_norm=2.0, evaluations=4
)


def test_an_image_is_enlarged_once_and_only_if_it_is_read() -> None:
    calls: list[Tensor] = []

    def enlarge(image: Tensor) -> Tensor:
        calls.append(image)
        return image.repeat(1, 1, 2, 2)

    enlarged = EnlargedIterate(SMALL, enlarge, step=10, evaluations=12)
    assert (enlarged.step, enlarged.evaluations) == (10, 12)
    assert (enlarged.loss, enlarged.parts, enlarged.gradient_norm) == (0.5, {"style": 0.5}, 2.0)
    assert not calls
    assert enlarged.image.shape == (1, 3, 8, 10)
    assert enlarged.image is enlarged.image
    assert len(calls) == 1
    assert SMALL.image.shape == (1, 3, 4, 5)


def test_it_cannot_be_changed() -> None:
    enlarged = EnlargedIterate(SMALL, lambda image: image, step=0, evaluations=1)
    with pytest.raises(AttributeError):
        enlarged.step = 4  # type: ignore[misc]
