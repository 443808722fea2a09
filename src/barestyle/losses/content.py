"""The content loss: feature maps compared place by place (Gatys et al. 2016; paper section 3)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def content_loss(features: Tensor, content: Tensor) -> Tensor:
    """Mean squared difference of two feature maps (1, c, h, w): a scalar >= 0, in units of features²."""
    return F.mse_loss(features, content)
