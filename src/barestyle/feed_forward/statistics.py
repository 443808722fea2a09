"""Statistics of a picture: measured on a small copy, and carried from one frame to the next."""

from __future__ import annotations

from torch import Tensor

from barestyle.feed_forward.image_sizes import MEASURED_PIXELS
from barestyle.feed_forward.layers import Statistics
from barestyle.images import resize


def shrink_to_measure(image: Tensor) -> Tensor:
    """Return the image whose statistics count: a copy (1, 3, h, w) of at most MEASURED_PIXELS, or the image itself."""
    height, width = image.shape[-2:]
    factor = (MEASURED_PIXELS / (height * width)) ** 0.5
    if factor >= 1:
        return image
    return resize(image, max(int(height * factor), 1), max(int(width * factor), 1))


def blend_statistics(before: Statistics, current: Statistics, share: float) -> Statistics:
    """Return the statistics of pixels of which `share`, in 0..1, are of `current`, and the others of `before`.

    Frame by frame, with the result as the next `before`, this fades statistics into each other, so that colors do not
    flicker. Curves of colors are averaged.
    """
    norms = []
    for (mean_before, variance_before), (mean, variance) in zip(before.norms, current.norms, strict=True):
        difference = mean - mean_before
        # The variance of a mixture: that within its parts, and that between their means.
        between = share * (1 - share) * difference.square()
        norms.append((mean_before + share * difference, variance_before.lerp(variance, share) + between))
    return Statistics(norms, before.curves.lerp(current.curves, share))
