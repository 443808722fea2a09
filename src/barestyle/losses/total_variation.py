"""Total variation (Rudin, Osher & Fatemi 1992, doi:10.1016/0167-2789(92)90242-F)."""

from __future__ import annotations

from torch import Tensor


def total_variation_loss(image: Tensor) -> Tensor:
    """Return the mean absolute difference of horizontal plus that of vertical neighbors of (1, c, H, W), in 0..2."""
    from kornia.losses import total_variation  # imported here, as kornia loads slowly and most runs do not need it

    variation: Tensor = total_variation(image, reduction="mean")
    return variation.mean()
