"""The two matrix products a style loss needs of a feature map: F Fᵀ for its moments, M F for its gradient.

As a convolution of 1x1 they go to oneDNN, which at these skinny shapes is 2.4 times as quick on AMD's processors with
AVX-512 as the BLAS behind torch.mm, and no slower on others (docs/performance.md).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def as_rows(features: Tensor) -> Tensor:
    """A feature map (1, c, h, w) as rows (h·w, c); a view where the map is channels_last."""
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])


def second_moment(features: Tensor) -> Tensor:
    """The sum of f fᵀ over the pixels of a map (1, c, h, w): (c, c), float32 or finer."""
    if features.dtype in (torch.bfloat16, torch.float16):
        return _narrow_second_moment(as_rows(features))
    if not _by_convolution(features):
        rows = as_rows(features)
        return rows.T @ rows
    # The gradient for a 1x1 convolution's weights is the sum of cotangent times input, here both the features.
    channels = features.shape[1]
    like = features.new_empty(channels, channels, 1, 1)
    _, found, _ = torch.ops.aten.convolution_backward(
        features, features, like, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [False, True, False]
    )
    return found.view(channels, channels)  # type: ignore[no-any-return]


def transformed(features: Tensor, matrix: Tensor, vector: Tensor | None) -> Tensor:
    """M f + v at every pixel of a map (1, c, h, w), as such a map, channels_last, in its precision.

    The matrix (c, c) has to be symmetric; with the vector (c,) it may be of another precision.
    """
    matrix = matrix.to(features.dtype)
    vector = None if vector is None else vector.to(features.dtype)
    if _by_convolution(features):
        return F.conv2d(features, matrix[:, :, None, None], vector)
    _, channels, height, width = features.shape
    rows = as_rows(features)
    found = rows @ matrix if vector is None else torch.addmm(vector, rows, matrix)
    return found.view(1, height, width, channels).permute(0, 3, 1, 2)


def _by_convolution(features: Tensor) -> bool:
    known = features.dtype in (torch.float32, torch.bfloat16)
    on_cpu = features.device.type == "cpu"
    return known and on_cpu and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


PIECE = 512
"""Rows whose products are summed in the narrow precision's own way before they meet float32."""


def _narrow_second_moment(rows: Tensor) -> Tensor:
    """The sum of f fᵀ of rows in bfloat16, (c, c), float32.

    A product of bfloat16 matrices is summed in float32 inside, but comes back rounded to 8 bits. Piece by piece,
    roundings differ and cancel; all in all the error is that of one rounding over the root of the pieces.
    """
    result = torch.zeros(rows.shape[1], rows.shape[1], device=rows.device)
    whole = rows.shape[0] // PIECE * PIECE
    if whole:
        pieces = rows[:whole].view(-1, PIECE, rows.shape[1])
        result += torch.bmm(pieces.transpose(1, 2), pieces).sum(0, dtype=torch.float32)
    if whole < rows.shape[0]:
        rest = rows[whole:].float()
        result.addmm_(rest.T, rest)
    return result
