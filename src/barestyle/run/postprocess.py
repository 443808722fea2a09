"""From a minimizer's image to the picture to show: colors from the content, if the spec asks for them afterwards."""

from __future__ import annotations

from torch import Tensor

from barestyle.images import color_transfer
from barestyle.run.inputs import alpha_mask
from barestyle.run.plan import Plan
from barestyle.spec import LuminanceColors, MatchedColors


def postprocess(plan: Plan, image: Tensor) -> Tensor:
    """Return the picture to show, (1, 3, H, W) in 0..1 on the CPU, for a minimizer's image on the CPU."""
    content, colors = plan.content.pixels, plan.spec.colors
    if isinstance(colors, LuminanceColors):
        image = color_transfer.replace_luminance(content, color_transfer.luminance(image))
    elif isinstance(colors, MatchedColors) and colors.when == "after":
        mask = alpha_mask(plan.content)
        image = color_transfer.match_colors(
            image, content, method=colors.method, space=colors.space, mask=mask, reference_mask=mask
        )
    else:
        return image
    return image if plan.keep is None else image.lerp(content, plan.keep.pixels)
