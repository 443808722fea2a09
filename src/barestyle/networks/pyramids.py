"""Image pyramids (Burt & Adelson 1983, doi:10.1109/TCOM.1983.1095851), for pictures of any size."""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor

KERNEL_REACH = 2
"""The pyramid's 5x5 Gaussian is padded by reflection, so a level has to be larger than this to be reduced."""


def gaussian(image: Tensor, levels: int) -> list[Tensor]:
    """Image (1, c, H, W) and its reductions; level i is (1, c, H // 2^i, W // 2^i)."""
    from kornia.geometry.transform import pyrdown  # here, as other networks need not wait for kornia to load

    result = [image]
    for _ in range(levels - 1):
        result.append(pyrdown(result[-1]))
    return result


def laplacian(image: Tensor, levels: int) -> list[Tensor]:
    """What each Gaussian level has that the next, enlarged again, has not; the last level is Gaussian.

    Enlarged to the very size of its neighbor, so that odd sizes need no padding (kornia pads to powers of
    two). Adding the levels up from the last, enlarged at each step, gives the image back.
    """
    steps = gaussian(image, levels)
    return [fine - enlarged(coarse, fine) for fine, coarse in pairwise(steps)] + steps[-1:]


def enlarged(coarse: Tensor, like: Tensor) -> Tensor:
    """A level bilinearly enlarged to the height and width of another, (1, c, H, W)."""
    return F.interpolate(coarse, size=like.shape[-2:], mode="bilinear", align_corners=False)
