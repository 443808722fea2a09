"""Optical flow between two frames, and where it can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.clips.warp import is_inside, warp_smooth
from barestyle.errors import VideoError
from barestyle.images.color_transfer import luminance

if TYPE_CHECKING:
    from barestyle.images import PixelArray


LARGEST_DIFFERENCE = 0.1
"""Root mean square over 3 x 3 pixels by which a moved frame may differ from the next one (ours). In areas of little
texture, flows agree that are both wrong."""


class Motion(NamedTuple):
    """Where each pixel of a frame was in the previous frame.

    Attributes:
        flow: (1, 2, H, W), the offset in pixels to its position there, x first.
        validity: (1, 1, H, W), 1 where the flow can be trusted, and 0 where it cannot: the pixel was hidden or outside
            the previous frame, or is at the boundary of a motion.
    """

    flow: Tensor
    validity: Tensor


def estimate_motion(previous: Tensor, current: Tensor) -> Motion:
    """Return the motion from a frame to the one before it, both (1, 3, H, W) in 0..1, on the CPU.

    The flow is estimated by DIS (Kroeger et al. 2016, arXiv:1603.03590) in both directions. It is valid where both
    agree, and where the previous frame, moved along it, looks like the current one.
    """
    backward, forward = estimate_flow(current, previous), estimate_flow(previous, current)
    difference = (warp_smooth(previous, backward) - current).square().mean(1, keepdim=True)
    is_similar = F.avg_pool2d(difference, 3, stride=1, padding=1, count_include_pad=False) <= LARGEST_DIFFERENCE**2
    return Motion(backward, check_consistency(backward, forward) * is_similar)


def estimate_flow(source: Tensor, target: Tensor) -> Tensor:
    """Return the flow from one image to another, both (1, 3, H, W) in 0..1, as (1, 2, H, W) in pixels, x first."""
    import cv2

    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = dis.calc(_to_gray(source), _to_gray(target), None)
    return torch.from_numpy(np.ascontiguousarray(flow.transpose(2, 0, 1)))[None]


def check_consistency(backward: Tensor, forward: Tensor) -> Tensor:
    """Return where a flow can be trusted, (1, 1, H, W) of 0 and 1.

    The rules are those of Sundaram et al. 2010 (doi:10.1007/978-3-642-15549-9_32) as in Ruder et al. 2016
    (arXiv:1604.08610, section 5): the flow forward, at the position where the flow backward ends, has to lead back, and
    the flow must not change abruptly, as it does at the boundary of a moving object.

    Args:
        backward: from the current frame to the previous one, (1, 2, H, W) in pixels.
        forward: from the previous frame to the current one.
    """
    returning = warp_smooth(forward, backward)
    squares = backward.square().sum(1, keepdim=True)
    mismatch = (backward + returning).square().sum(1, keepdim=True)
    is_consistent = mismatch <= 0.01 * (squares + returning.square().sum(1, keepdim=True)) + 0.5
    slopes = torch.cat(torch.gradient(backward, dim=(2, 3)), dim=1).square().sum(1, keepdim=True)
    is_smooth = slopes <= 0.01 * squares + 0.002
    return (is_consistent & is_smooth & is_inside(backward)).to(backward.dtype)


def check_flow_library() -> None:
    """Raise VideoError if OpenCV is missing."""
    try:
        import cv2  # noqa: F401
    except ImportError:
        raise VideoError(
            "optical flow needs the package opencv-python-headless; run pip install 'barestyle[video]'"
        ) from None


def _to_gray(image: Tensor) -> PixelArray:
    samples: PixelArray = (luminance(image)[0, 0] * 255).round().clamp(0, 255).byte().cpu().numpy()
    return samples
