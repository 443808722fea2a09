"""The matrix products that a style loss takes of feature maps: F Fᵀ for moments, M F for gradients.

Those of a map's own size run as 1x1 convolutions in oneDNN. At these shapes it is 2.4 times as fast as the BLAS behind
torch.mm on AMD processors with AVX-512, and as fast on others (docs/performance.md).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def flatten_pixels(features: Tensor) -> Tensor:
    """Return a feature map (1, c, h, w) as rows (h·w, c), one for each pixel; a view if the map is channels_last."""
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])


def compute_second_moment(features: Tensor) -> Tensor:
    """Return the sum of f fᵀ over the pixels of a map (1, c, h, w): (c, c), float32 or finer."""
    if features.dtype in (torch.bfloat16, torch.float16):
        rows = flatten_pixels(features)
        return _sum_in_chunks(rows, rows)
    if not _runs_as_convolution(features):
        rows = flatten_pixels(features)
        return rows.T @ rows
    # The weight gradient of a 1x1 convolution is the sum of output gradient times input; here both are the features.
    channels = features.shape[1]
    like = features.new_empty(channels, channels, 1, 1)
    _, second_moment, _ = torch.ops.aten.convolution_backward(
        features, features, like, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [False, True, False]
    )
    return second_moment.view(channels, channels)  # type: ignore[no-any-return]


def compute_cross_moment(features: Tensor, guide: Tensor) -> Tensor:
    """Return the sum of f gᵀ over the pixels of two maps (1, c, h, w) and (1, k, h, w): (c, k), float32 or finer."""
    rows, guide_rows = flatten_pixels(features), flatten_pixels(guide)
    if features.dtype in (torch.bfloat16, torch.float16):
        return _sum_in_chunks(rows, guide_rows)
    # A few guide channels times many features is several times as fast in MKL as the transposed product.
    return (guide_rows.T @ rows).T


def apply_affine(features: Tensor, matrix: Tensor, vector: Tensor | None) -> Tensor:
    """Return M f + v at every pixel of a map (1, c, h, w), as a channels_last map in the precision of `features`.

    `matrix` (c, c) has to be symmetric; it and `vector` (c,) may be of another precision.
    """
    matrix = matrix.to(features.dtype)
    vector = None if vector is None else vector.to(features.dtype)
    if _runs_as_convolution(features):
        return F.conv2d(features, matrix[:, :, None, None], vector)
    _, channels, height, width = features.shape
    rows = flatten_pixels(features)
    product = rows @ matrix if vector is None else torch.addmm(vector, rows, matrix)
    return product.view(1, height, width, channels).permute(0, 3, 1, 2)


def add_product(target: Tensor, features: Tensor, matrix: Tensor) -> None:
    """Add M f at every pixel of a map (1, k, h, w) to another map (1, c, h, w) of the same precision, in place.

    `matrix` (c, k) may be of another precision. Raises RuntimeError if `target` is made of parts of rows.
    """
    rows = target.permute(0, 2, 3, 1).view(-1, target.shape[1])  # not reshape, which may copy
    rows.addmm_(flatten_pixels(features), matrix.T.to(features.dtype))


def _runs_as_convolution(features: Tensor) -> bool:
    is_supported = features.dtype in (torch.float32, torch.bfloat16)
    is_on_cpu = features.device.type == "cpu"
    return is_supported and is_on_cpu and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


CHUNK = 512
"""Rows whose products are summed in one bfloat16 matrix product before the sums are added in float32."""


def _sum_in_chunks(rows: Tensor, others: Tensor) -> Tensor:
    """Return the sum of f gᵀ of two sets of rows in bfloat16 or float16, (c, k), float32.

    A product of bfloat16 matrices is summed in float32 internally, but its result is rounded to 8 bits. The roundings
    of different chunks cancel in part: the total error is that of one rounding over the root of the number of chunks.
    """
    total = torch.zeros(rows.shape[1], others.shape[1], device=rows.device)
    whole = rows.shape[0] // CHUNK * CHUNK
    if whole:
        chunks, other_chunks = (values[:whole].view(-1, CHUNK, values.shape[1]) for values in (rows, others))
        total += torch.bmm(chunks.transpose(1, 2), other_chunks).sum(0, dtype=torch.float32)
    if whole < rows.shape[0]:
        total.addmm_(rows[whole:].float().T, others[whole:].float())
    return total
