"""Total variation (Rudin, Osher & Fatemi 1992, doi:10.1016/0167-2789(92)90242-F)."""

from __future__ import annotations

from torch import Tensor


def total_variation_loss(image: Tensor) -> Tensor:
    """Mean absolute difference of horizontal plus of vertical neighbors of an image (1, c, H, W), 0..2."""
    from kornia.losses import total_variation  # here, as most runs need not wait for kornia to load

    variation: Tensor = total_variation(image, reduction="mean")
    return variation.mean()
